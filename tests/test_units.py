"""Quantities: exact values, the exact message of every refusal, and the way back to text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sim.errors import FieldFault
from sim.units import (
    BitWidth,
    Bytes,
    Dimension,
    Hertz,
    Picojoules,
    Seconds,
    Volts,
    Watts,
    format_quantity,
    parse_quantity,
)

SIZE, FREQUENCY, WIDTH = Dimension.SIZE, Dimension.FREQUENCY, Dimension.WIDTH
TIME, ENERGY, POWER, VOLTAGE = Dimension.TIME, Dimension.ENERGY, Dimension.POWER, Dimension.VOLTAGE


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("108 KiB", SIZE, 110_592),
        ("1 B", SIZE, 1),
        ("2 kB", SIZE, 2_000),
        ("1.5 KiB", SIZE, 1_536),
        ("5 MB", SIZE, 5_000_000),
        ("5 MiB", SIZE, 5_242_880),
        ("1 GB", SIZE, 10**9),
        ("1 GiB", SIZE, 2**30),
        ("200 MHz", FREQUENCY, 200_000_000),
        ("1e-3 kHz", FREQUENCY, 1),
        ("1.17e8 Hz", FREQUENCY, 117_000_000),
        ("1 GHz", FREQUENCY, 10**9),
        ("64 b", WIDTH, 64),
        ("12 bit", WIDTH, 12),
        ("16bits", WIDTH, 16),
        ("  +5   b ", WIDTH, 5),
        (".5 s", TIME, 0.5),
        ("5. ms", TIME, 0.005),
        ("100 us", TIME, 0.0001),
        ("100 \N{MICRO SIGN}s", TIME, 0.0001),
        ("100 \N{GREEK SMALL LETTER MU}s", TIME, 0.0001),
        ("5 ns", TIME, 5e-9),
        ("6.34 pJ", ENERGY, 6.34),
        ("1 J", ENERGY, 1e12),
        ("1 mJ", ENERGY, 1e9),
        ("1 uJ", ENERGY, 1e6),
        ("1 nJ", ENERGY, 1e3),
        ("1 fJ", ENERGY, 1e-3),
        ("1 W", POWER, 1.0),
        ("205 mW", POWER, 0.205),
        ("3 uW", POWER, 3e-6),
        ("1.17 V", VOLTAGE, 1.17),
        ("820 mV", VOLTAGE, 0.82),
        ("0 W", POWER, 0.0),
        ("-0 b", WIDTH, 0),
        ("0e999999999 V", VOLTAGE, 0.0),
    ],
)
def test_parse(text: str, dimension: Dimension, value: int | float) -> None:
    parsed = parse_quantity(text, dimension)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "dimension", "message"),
    [
        ("200 Mhz", FREQUENCY, "'200 Mhz' has the unknown unit 'Mhz'; did you mean 'MHz'?"),
        ("108 KiBs", SIZE, "'108 KiBs' has the unknown unit 'KiBs'; did you mean 'KiB'?"),
        ("5 parsec", TIME, "'5 parsec' has the unknown unit 'parsec'; allowed: s, ms, us, ns"),
        ("108 KB", SIZE, "the unit 'KB' is ambiguous; write kB for 1000 B or KiB for 1024 B"),
        ("8 B", WIDTH, "'8 B' is in a unit of size, not of width; allowed: b, bit, bits"),
        ("1 V", POWER, "'1 V' is in a unit of voltage, not of power; allowed: W, mW, uW"),
        (200, FREQUENCY, "a number without a unit; write e.g. '200 MHz'"),
        (1.17, VOLTAGE, "a number without a unit; write e.g. '1.17 V'"),
        ("200", FREQUENCY, "a number without a unit; write e.g. '200 MHz'"),
        ("1e3", TIME, "a number without a unit; write e.g. '100 us'"),
        ("KiB", SIZE, "'KiB' is not a quantity; write e.g. '108 KiB'"),
        ("", WIDTH, "'' is not a quantity; write e.g. '64 b'"),
        ("1,000 B", SIZE, "'1,000 B' is not a quantity; write e.g. '108 KiB'"),
        ("1 B/s", SIZE, "'1 B/s' is not a quantity; write e.g. '108 KiB'"),
        ("1_000 B", SIZE, "'1_000 B' is not a quantity; write e.g. '108 KiB'"),
        ("\u0661 B", SIZE, "'\u0661 B' is not a quantity; write e.g. '108 KiB'"),
        ("1 B\nx", SIZE, "'1 B\\nx' is not a quantity; write e.g. '108 KiB'"),
        ("-5 B", SIZE, "'-5 B' is negative; write e.g. '108 KiB'"),
        ("nan V", VOLTAGE, "'nan V' is not a finite number; write e.g. '1.17 V'"),
        ("-inf W", POWER, "'-inf W' is not a finite number; write e.g. '205 mW'"),
        (".inf", ENERGY, "'.inf' is not a finite number; write e.g. '6.34 pJ'"),
        ("1.5 B", SIZE, "'1.5 B' is not a whole number of B; write e.g. '108 KiB'"),
        ("1e-4 kHz", FREQUENCY, "'1e-4 kHz' is not a whole number of Hz; write e.g. '200 MHz'"),
        ("1e999999999 V", VOLTAGE, "'1e999999999 V' is too large; at most 1e18 V"),
        ("1e999999999 b", WIDTH, "'1e999999999 b' is too large; at most 1e18 b"),
        ("1000001 J", ENERGY, "'1000001 J' is too large; at most 1e18 pJ"),
        ("1e-999999999 V", VOLTAGE, "'1e-999999999 V' is too small; zero, or at least 1e-30 V"),
        ("9" * 65, SIZE, "a quantity of 65 characters; at most 64"),
        ("9" * 1_000_000 + " B", SIZE, "a quantity of 1000002 characters; at most 64"),
        (None, SIZE, "no value; write e.g. '108 KiB'"),
        (True, WIDTH, "not a quantity; write e.g. '64 b'"),
        ([64], WIDTH, "not a quantity; write e.g. '64 b'"),
        (b"64 b", WIDTH, "not a quantity; write e.g. '64 b'"),
    ],
)
def test_refuse(text: object, dimension: Dimension, message: str) -> None:
    with pytest.raises(FieldFault) as caught:
        parse_quantity(text, dimension)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (1.17e8, FREQUENCY, "117 MHz"),
        (200_000_001, FREQUENCY, "200000.001 kHz"),
        (110_592, SIZE, "108 KiB"),
        (1_000_000, SIZE, "1 MB"),
        (1_572_864, SIZE, "1.5 MiB"),
        (110_593, SIZE, "110.593 kB"),
        (2**40, SIZE, "1024 GiB"),
        (64, WIDTH, "64 b"),
        (0, SIZE, "0 B"),
        (0.0, TIME, "0 s"),
        (0.0001, TIME, "100 us"),
        (0.0001234567, TIME, "123.5 us"),
        (5e-10, TIME, "0.5 ns"),
        (0.205, POWER, "205 mW"),
        (6.34, ENERGY, "6.34 pJ"),
        (8.16e9, ENERGY, "8.16 mJ"),
        (1 / 3, ENERGY, "333.3 fJ"),
        (-3.5, VOLTAGE, "-3.5 V"),
    ],
)
def test_format(value: int | float, dimension: Dimension, text: str) -> None:
    assert format_quantity(value, dimension) == text


@given(st.integers(0, 10**18), st.sampled_from([SIZE, FREQUENCY, WIDTH]))
def test_whole_quantities_come_back_exactly(value: int, dimension: Dimension) -> None:
    assert parse_quantity(format_quantity(value, dimension), dimension) == value


@given(st.floats(1e-12, 1e12), st.sampled_from([TIME, POWER, VOLTAGE]))
def test_other_quantities_come_back_to_four_digits(value: float, dimension: Dimension) -> None:
    assert parse_quantity(format_quantity(value, dimension), dimension) == pytest.approx(value, rel=5.1e-4)


@given(st.text() | st.floats() | st.integers() | st.binary(), st.sampled_from(Dimension))
def test_anything_else_is_a_fault(text: object, dimension: Dimension) -> None:
    try:
        value = parse_quantity(text, dimension)
    except FieldFault as fault:
        assert str(fault).isprintable()
    else:
        assert value >= 0


class _Quantities(BaseModel):
    size: Bytes
    clock: Hertz
    width: BitWidth
    time: Seconds
    energy: Picojoules
    power: Watts
    voltage: Volts


def test_field_types_read_text() -> None:
    read: dict[str, Any] = {"size": "1 KiB", "clock": "1 MHz", "width": "5 b", "time": "1 ms"}
    read |= {"energy": "1 nJ", "power": "1 mW", "voltage": "1 mV"}
    expected = {"size": 1024, "clock": 10**6, "width": 5, "time": 1e-3, "energy": 1e3}
    assert _Quantities(**read).model_dump() == expected | {"power": 1e-3, "voltage": 1e-3}


BELOW_THE_LIMIT = st.integers(0, 10**18)
FRACTIONS = st.just(0.0) | st.floats(1e-30, 1e18)


@given(st.tuples(*[BELOW_THE_LIMIT] * 3, *[FRACTIONS] * 4))
def test_what_json_has_reads_back_exactly(values: tuple[int | float, ...]) -> None:
    """Not one digit is lost: files and sweeps hand machines on in this form."""
    one = _Quantities.model_construct(**dict(zip(_Quantities.model_fields, values, strict=True)))
    assert _Quantities.model_validate_json(one.model_dump_json()) == one
    assert _Quantities.model_validate(one.model_dump(mode="json")) == one
    assert one.model_dump() == dict(zip(_Quantities.model_fields, values, strict=True))


def test_json_has_base_units() -> None:
    one = _Quantities(size="1 KiB", clock="1 MHz", width="5 b", time="1 ms", energy="1 nJ", power="1 mW", voltage="3 V")  # type: ignore[arg-type]
    assert one.model_dump(mode="json") == {
        "size": "1024 B", "clock": "1000000 Hz", "width": "5 b", "time": "0.001 s", "energy": "1000.0 pJ",
        "power": "0.001 W", "voltage": "3.0 V",
    }  # fmt: skip


def test_field_types_hand_on_the_fault() -> None:
    with pytest.raises(ValidationError) as caught:
        _Quantities.model_validate(dict.fromkeys(_Quantities.model_fields, "5 furlongs"))
    faults = [error["ctx"]["error"] for error in caught.value.errors()]
    assert [type(fault) for fault in faults] == [FieldFault] * 7
    assert faults[0].wrong == "'5 furlongs' has the unknown unit 'furlongs'"
    assert faults[0].allowed == "allowed: B, kB, KiB, MB, MiB, GB, GiB"
