"""What every page carries: its styles, for screen and paper, and the script that sorts tables by a click."""

STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1c2430; font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1.5rem 1.5rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid #d4dae2; }
p, li { max-width: 60rem; overflow-wrap: anywhere; margin: .4rem 0; }
ul { padding-left: 1.2rem; }
.lead { color: #4a5568; margin-top: 0; }
.warning { border-left: .25rem solid #d55e00; background: #fdf3ec; padding: .5rem .8rem; }
.headline { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .7rem; margin: 1rem 0; }
.headline div { border: 1px solid #d4dae2; border-radius: .4rem; padding: .5rem .8rem; }
.headline dt { color: #4a5568; font-size: .82rem; }
.headline dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; margin: .6rem 0 1.2rem; }
caption { text-align: left; color: #4a5568; padding-bottom: .35rem; }
th, td { padding: .22rem .55rem; border-bottom: 1px solid #e6eaef; text-align: left; vertical-align: top; }
td { max-width: 40rem; overflow-wrap: break-word; }
thead th { border-bottom: 2px solid #9aa7b5; vertical-align: bottom; }
tbody th { font-weight: 500; max-width: 24rem; overflow-wrap: break-word; }
tbody tr:hover { background: #f3f6f9; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody .number, .short { white-space: nowrap; }
thead button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
thead button { text-align: inherit; }
thead button::after { content: "\\2195"; color: #9aa7b5; padding-left: .25rem; }
[aria-sort=ascending] button::after { content: "\\2191"; color: #0072b2; }
[aria-sort=descending] button::after { content: "\\2193"; color: #0072b2; }
figure { margin: 1rem 0 1.8rem; }
figcaption { color: #4a5568; max-width: 60rem; }
svg { display: block; width: 100%; height: auto; }
svg * { stroke-linejoin: round; stroke-linecap: butt; }
@media print {
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  figure, tr { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  .wide { overflow: visible; }
  svg { min-width: 0 !important; }
  thead button::after { content: ""; }
}
"""

SCRIPT = """
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const compare = (one, other) => "value" in one.dataset && "value" in other.dataset
    ? Number(one.dataset.value) - Number(other.dataset.value)
    : one.textContent.localeCompare(other.textContent, "en", {numeric: true});
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      const rows = [...body.rows];
      rows.sort((one, other) => sign * compare(one.cells[column], other.cells[column]));
      body.append(...rows);
    });
  });
}
"""
