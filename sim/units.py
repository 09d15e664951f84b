"""Quantities with units: the one parser for "108 KiB" and "200 MHz", their printer, and field types.

Base units: bytes, hertz, bits, seconds, picojoules, watts, volts.
"""

import re
from enum import Enum
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim.errors import FieldFault, did_you_mean, listed, quoted

_QUANTITY = re.compile(r"\s*([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?\s*([^\W\d_]*)\s*")
_NOT_FINITE = re.compile(r"\s*[+-]?(?:nan|inf|infinity|\.nan|\.inf)\b.*", re.IGNORECASE | re.DOTALL)
_MICRO_SIGNS = str.maketrans({"\u00b5": "u", "\u03bc": "u"})
_NO_UNIT = "a number without a unit"
_MAX_CHARACTERS = 64
_MAX_EXPONENT = 999  # far out of every range, yet quick to work out: 10**999999999 never ends
_LARGEST = Fraction(10**18)
_SMALLEST = Fraction(1, 10**30)
_SHOWN_DECIMALS = 3


class Dimension(Enum):
    """The kinds of quantity: an example, whether it is a whole number of base units, and its units."""

    SIZE = (
        "108 KiB",
        True,
        {
            "B": Fraction(1),
            "kB": Fraction(10**3),
            "KiB": Fraction(2**10),
            "MB": Fraction(10**6),
            "MiB": Fraction(2**20),
            "GB": Fraction(10**9),
            "GiB": Fraction(2**30),
        },
    )
    FREQUENCY = (
        "200 MHz",
        True,
        {"Hz": Fraction(1), "kHz": Fraction(10**3), "MHz": Fraction(10**6), "GHz": Fraction(10**9)},
    )
    WIDTH = ("64 b", True, {"b": Fraction(1), "bit": Fraction(1), "bits": Fraction(1)})
    TIME = (
        "100 us",
        False,
        {"s": Fraction(1), "ms": Fraction(1, 10**3), "us": Fraction(1, 10**6), "ns": Fraction(1, 10**9)},
    )
    ENERGY = (
        "6.34 pJ",
        False,
        {
            "J": Fraction(10**12),
            "mJ": Fraction(10**9),
            "uJ": Fraction(10**6),
            "nJ": Fraction(10**3),
            "pJ": Fraction(1),
            "fJ": Fraction(1, 10**3),
        },
    )
    POWER = ("205 mW", False, {"W": Fraction(1), "mW": Fraction(1, 10**3), "uW": Fraction(1, 10**6)})
    VOLTAGE = ("1.17 V", False, {"V": Fraction(1), "mV": Fraction(1, 10**3)})

    def __init__(self, example: str, whole: bool, units: dict[str, Fraction]) -> None:
        self.example = example
        self.whole = whole
        self.units = MappingProxyType(units)

    @property
    def base_unit(self) -> str:
        """The unit that numbers of this dimension are kept in."""
        return next(unit for unit, factor in self.units.items() if factor == 1)


def parse_quantity(text: object, dimension: Dimension) -> int | float:
    """Read a quantity such as "108 KiB" into base units, exactly.

    Sizes, frequencies and widths come out as int, the others as the nearest float. Raises FieldFault.
    """
    sign, number, unit = _split(text, dimension)
    if not unit:
        raise FieldFault(_NO_UNIT, _remedy(dimension))
    factor = _factor(unit, dimension, text=str(text))
    value = number * factor
    if sign == "-" and value:
        raise FieldFault(f"{quoted(str(text))} is negative", _remedy(dimension))
    if value > _LARGEST:
        raise FieldFault(f"{quoted(str(text))} is too large", f"at most 1e18 {dimension.base_unit}")
    if not dimension.whole:
        return _to_float(value, dimension, text=str(text))
    if value.denominator != 1:
        wrong = f"{quoted(str(text))} is not a whole number of {dimension.base_unit}"
        raise FieldFault(wrong, _remedy(dimension))
    return value.numerator


def _split(text: object, dimension: Dimension) -> tuple[str, Fraction, str]:
    """Cut a quantity into sign, number and unit."""
    if text is None:
        raise FieldFault("no value", _remedy(dimension))
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise FieldFault(_NO_UNIT, _remedy(dimension))
    if not isinstance(text, str):
        raise FieldFault("not a quantity", _remedy(dimension))
    if len(text) > _MAX_CHARACTERS:
        raise FieldFault(f"a quantity of {len(text)} characters", f"at most {_MAX_CHARACTERS}")
    match = _QUANTITY.fullmatch(text.translate(_MICRO_SIGNS))
    if match:
        exponent = max(-_MAX_EXPONENT, min(_MAX_EXPONENT, int(match[3] or 0)))
        return match[1], Fraction(match[2]) * Fraction(10) ** exponent, match[4]
    kind = "a finite number" if _NOT_FINITE.fullmatch(text) else "a quantity"
    raise FieldFault(f"{quoted(text)} is not {kind}", _remedy(dimension))


def _factor(unit: str, dimension: Dimension, *, text: str) -> Fraction:
    """Look up how many base units a unit is."""
    if unit in dimension.units:
        return dimension.units[unit]
    if unit == "KB" and dimension is Dimension.SIZE:
        raise FieldFault("the unit 'KB' is ambiguous", "write kB for 1000 B or KiB for 1024 B")
    for other in Dimension:
        # The nearest unit would mislead here: for a width of "8 B" it is 'b', an eighth of what was meant.
        if unit in other.units:
            wrong = f"{quoted(text)} is in a unit of {other.name.lower()}, not of {dimension.name.lower()}"
            raise FieldFault(wrong, f"allowed: {listed(dimension.units)}")
    wrong = f"{quoted(text)} has the unknown unit {quoted(unit)}"
    raise FieldFault(wrong, did_you_mean(unit, dimension.units))


def _to_float(value: Fraction, dimension: Dimension, *, text: str) -> float:
    if 0 < value < _SMALLEST:
        raise FieldFault(f"{quoted(text)} is too small", f"zero, or at least 1e-30 {dimension.base_unit}")
    return float(value)


def _remedy(dimension: Dimension) -> str:
    return f"write e.g. '{dimension.example}'"


def format_quantity(value: int | float, dimension: Dimension) -> str:
    """Write base units in a readable unit: 110592 B as "108 KiB", 0.205 W as "205 mW".

    Whole dimensions are exact, in the largest unit that needs at most three decimals; the others are
    rounded to four digits.
    """
    if value < 0:
        return f"-{format_quantity(-value, dimension)}"
    exact = Fraction(str(value))  # by way of text: 0.1 is a tenth here, not the double next to it
    if not exact:
        return f"0 {dimension.base_unit}"
    large_first = sorted(dimension.units.items(), key=lambda item: item[1], reverse=True)
    fitting = [(unit, factor) for unit, factor in large_first if exact >= factor]
    for unit, factor in fitting if dimension.whole else ():
        if (exact / factor * 10**_SHOWN_DECIMALS).denominator == 1:
            return f"{_decimal(exact / factor)} {unit}"
    unit, factor = fitting[0] if fitting else large_first[-1]
    return f"{float(exact / factor):.4g} {unit}"


def _decimal(number: Fraction) -> str:
    """Write a fraction of thousandths as a decimal number without trailing zeros."""
    whole, thousandths = divmod(int(number * 10**_SHOWN_DECIMALS), 10**_SHOWN_DECIMALS)
    return f"{whole}.{thousandths:0{_SHOWN_DECIMALS}d}".rstrip("0").rstrip(".")


def _exact(value: int | float, dimension: Dimension) -> str:
    """Write base units so that reading them gives the very same number."""
    return f"{value!r} {dimension.base_unit}"


def _quantity(dimension: Dimension) -> tuple[BeforeValidator, PlainSerializer, WithJsonSchema]:
    """Return how a quantity is read, written into JSON, and told to editors."""
    return (
        BeforeValidator(lambda text: parse_quantity(text, dimension)),
        PlainSerializer(lambda value: _exact(value, dimension), when_used="json-unless-none"),
        WithJsonSchema({"type": "string", "description": f"a quantity such as {dimension.example}"}),
    )


Bytes = Annotated[int, *_quantity(Dimension.SIZE)]
Hertz = Annotated[int, *_quantity(Dimension.FREQUENCY)]
BitWidth = Annotated[int, *_quantity(Dimension.WIDTH)]
Seconds = Annotated[float, *_quantity(Dimension.TIME)]
Picojoules = Annotated[float, *_quantity(Dimension.ENERGY)]
Watts = Annotated[float, *_quantity(Dimension.POWER)]
Volts = Annotated[float, *_quantity(Dimension.VOLTAGE)]
