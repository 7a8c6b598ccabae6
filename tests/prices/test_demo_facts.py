"""The hand-written facts of the demo province hold together; no database."""

import csv
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.codes import clean_approval_no, clean_barcode, parse_drug_code, trace_prefix

FACTS = Path(__file__).resolve().parents[2] / "prices" / "demo"
LISTS = FACTS / "lists"
SHARED = FACTS.parents[2] / "shared" / "data" / "geo" / "division_areas.csv"
# Function zones that the official statistics number like counties; they are no administrative divisions.
ZONES = {"421071", "421171"}

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def drugs() -> list[Row]:
    return rows(FACTS / "drugs.csv")


def test_there_are_enough_preparations_and_products(drugs: list[Row]) -> None:
    preparations = {(row["generic_name"], row["dosage_form"], row["strength"]) for row in drugs}
    assert len(preparations) >= 240
    assert len(drugs) >= 600


def test_codes_are_well_formed_and_unique(drugs: list[Row]) -> None:
    codes = [row["code"] for row in drugs]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert str(parse_drug_code(code)) == code


@pytest.mark.parametrize("part", ["name", "form", "company"])
def test_a_part_of_a_code_means_one_thing(drugs: list[Row], part: str) -> None:
    meanings = defaultdict(set)
    for row in drugs:
        code = parse_drug_code(row["code"])
        if part == "form" and code.kind == "Z":
            continue
        meaning = {"name": row["generic_name"][:3], "form": row["dosage_form"], "company": row["manufacturer"]}[part]
        meanings[code.kind if part == "name" else "", getattr(code, part)].add(meaning)
    several = {key: found for key, found in meanings.items() if len(found) > 1}
    assert not several


def test_a_product_occurs_once(drugs: list[Row]) -> None:
    keys = [(row["generic_name"], row["strength"], row["pack_count"], row["manufacturer"]) for row in drugs]
    assert len(set(keys)) == len(keys)


def test_barcodes_and_trace_prefixes_are_unique_and_their_check_digits_right(drugs: list[Row]) -> None:
    barcodes = [row["barcode"] for row in drugs]
    prefixes = [row["trace_prefix"] for row in drugs]
    assert len(set(barcodes)) == len(barcodes)
    assert len(set(prefixes)) == len(prefixes)
    for barcode, prefix in zip(barcodes, prefixes, strict=True):
        assert re.fullmatch(r"69\d{11}", barcode)
        weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(barcode))
        assert weighted % 10 == 0, barcode
        assert clean_barcode(barcode) == barcode
        assert trace_prefix(prefix) == prefix


def test_an_approval_number_belongs_to_one_maker_and_preparation(drugs: list[Row]) -> None:
    owners = defaultdict(set)
    for row in drugs:
        assert clean_approval_no(row["approval_no"]) == row["approval_no"]
        owners[row["approval_no"]].add((row["generic_name"], row["strength"], row["manufacturer"]))
    assert all(len(found) == 1 for found in owners.values())


def test_every_column_holds_a_known_word_and_every_number_is_in_range(drugs: list[Row]) -> None:
    for row in drugs:
        assert all(
            row[name] for name in ("generic_name", "dosage_form", "strength", "unit", "pack_unit", "manufacturer")
        )
        assert row["quality"] in {"originator", "passed", "deemed", ""}
        assert row["rx_class"] in {"rx", "otc_a", "otc_b", ""}
        assert (row["class"] == "") == (row["kind"] == "")
        assert row["class"] in {"甲", "乙", ""}
        assert row["kind"] in {"常规", "谈判", "竞价", ""}
        assert row["kind"] != "谈判" or row["class"] == "乙"
        assert int(row["pack_count"]) >= 1
        assert re.fullmatch(r"\d+\.\d\d", row["typical_price"])
        assert Decimal(row["typical_price"]) > 0
        assert 0 < Decimal(row["availability"]) <= 1
        assert {row["dual_channel"], row["chronic"]} <= {"0", "1"}


def test_a_bigger_pack_of_the_same_maker_costs_more(drugs: list[Row]) -> None:
    packs = defaultdict(list)
    for row in drugs:
        packs[row["generic_name"], row["strength"], row["manufacturer"]].append(
            (int(row["pack_count"]), Decimal(row["typical_price"]))
        )
    for sizes in packs.values():
        prices = [price for _, price in sorted(sizes)]
        assert prices == sorted(set(prices)), sizes


def test_the_documented_example_is_among_the_drugs(drugs: list[Row]) -> None:
    example = next(row for row in drugs if row["code"] == "XC08CAB037A001010180517")
    assert (example["generic_name"], example["strength"], example["pack_count"], example["typical_price"]) == (
        "苯磺酸氨氯地平片",
        "5mg",
        "14",
        "12.60",
    )
    neighbour = next(row for row in drugs if row["code"] == "XC08CAB037A001020180517")
    assert neighbour["pack_count"] == "28"


def test_some_drugs_are_rare_and_a_pharmacy_carries_a_plausible_number(drugs: list[Row]) -> None:
    shares = [Decimal(row["availability"]) for row in drugs]
    assert sum(share <= Decimal("0.0034") for share in shares) >= 3
    assert 120 <= sum(shares) <= 150


def test_reference_prices_point_to_known_drugs_and_schemes(drugs: list[Row]) -> None:
    prices = {row["code"]: Decimal(row["typical_price"]) for row in drugs}
    packs = {row["code"]: int(row["pack_count"]) for row in drugs}
    schemes = {row["code"] for row in rows(FACTS / "schemes.csv")}
    references = rows(FACTS / "reference_prices.csv")
    assert len({row["drug_code"] for row in references}) >= 40
    assert len({(row["drug_code"], row["area"], row["kind"]) for row in references}) == len(references)
    for row in references:
        code = row["drug_code"]
        decimals = {"pack": 2, "smallest": 4}[row["unit"]]
        assert re.fullmatch(rf"\d+\.\d{{{decimals}}}", row["amount"])
        pack = Decimal(row["amount"]) * (packs[code] if row["unit"] == "smallest" else 1)
        assert prices[code] / 2 < pack < prices[code] * 2, "a wrong unit would show as a factor of the pack count"
        assert row["kind"] in {"listed", "vbp", "payment_standard", "national_lowest"}
        assert row["scheme"] == "" or row["scheme"] in schemes
        assert (row["kind"] == "vbp") == bool(row["scheme"])
        assert row["document"].startswith("演示")


LONG = {"dual_channel", "two_diseases", "chronic_disease"}
KINDS = LONG | {"separate_payment", "supplementary", "monitored", "not_for_retail", "three_in"}


def targets(name: str) -> set[tuple[str, str, str]]:
    """Code, generic name and form of a list's entries."""
    return {(row.get("drug_code", ""), row["generic_name"], row["dosage_form"]) for row in rows(LISTS / name)}


def test_lists_name_known_drugs_once(drugs: list[Row]) -> None:
    codes = {row["code"] for row in drugs}
    names = {(row["generic_name"], row["dosage_form"]) for row in drugs}
    lists = rows(LISTS / "lists.csv")
    assert {described["kind"] for described in lists} == KINDS
    for described in lists:
        assert described["document"].startswith("演示")
        date.fromisoformat(described["valid_from"])
        found = targets(described["file"])
        assert len(found) == len(rows(LISTS / described["file"])) >= (40 if described["kind"] in LONG else 10)
        for code, name, form in found:
            assert (code in codes and not name and not form) or (not code and (name, form) in names)


def test_separate_payment_and_dual_channel_overlap_in_part() -> None:
    separate, dual = targets("separate_payment.csv"), targets("dual_channel.csv")
    assert len(separate & dual) >= 10
    assert len(separate - dual) >= 5
    assert len(dual - separate) >= 10


def test_schemes_have_levels_rounds_and_a_reserve_supplier() -> None:
    schemes = rows(FACTS / "schemes.csv")
    assert {row["level"] for row in schemes} == {"national", "provincial", "alliance", "city"}
    assert all(row["round"] and row["name"].startswith("演示") for row in schemes)
    suppliers = {row["supplier"] for row in rows(FACTS / "reference_prices.csv") if row["kind"] == "vbp"}
    assert suppliers == {"main", "reserve"}


def test_daily_doses_are_of_known_drugs_and_say_whose_figure_they_are(drugs: list[Row]) -> None:
    names = {row["generic_name"] for row in drugs}
    doses = rows(FACTS / "daily_doses.csv")
    assert len({row["generic_name"] for row in doses}) == len(doses) >= 80
    for row in doses:
        assert row["generic_name"] in names
        assert row["source"].startswith("WHO DDD（演示")
        assert Decimal(row["amount"]) > 0


def test_every_county_of_hubei_has_people() -> None:
    counties = rows(FACTS / "population.csv")
    codes = [row["adcode"] for row in counties]
    assert len(codes) == len(set(codes)) == 103
    assert all(re.fullmatch(r"42(?:0[1-9]|1[0-3]|28|90)\d{2}", code) for code in codes)
    assert all(Decimal(row["population_10k"]) > 0 for row in counties)
    assert 5_700 < sum(Decimal(row["population_10k"]) for row in counties) < 5_900


def test_counties_carry_their_official_names() -> None:
    if not SHARED.exists():
        pytest.skip("the shared reference data are not here: ../shared/data/geo/division_areas.csv")
    official = {row["code"]: row["name"] for row in rows(SHARED) if row["code"].startswith("42")}
    ours = {row["adcode"]: row["name"] for row in rows(FACTS / "population.csv")}
    assert ours == {code: name for code, name in official.items() if code not in ZONES}


def test_chains_and_streets_are_distinct_and_usable() -> None:
    chains = rows(FACTS / "chains.csv")
    streets = rows(FACTS / "streets.csv")
    assert len({row["name"] for row in chains}) == len(chains) >= 38
    assert {row["style"] for row in chains} == {"discount", "mid", "premium"}
    assert all(Decimal(row["share"]) > 0 for row in chains)
    counties = [row["adcode"] for row in rows(FACTS / "population.csv")]
    assert all(any(code.startswith(row["home"]) for code in counties) for row in chains)
    assert len({row["name"] for row in streets}) == len(streets) >= 110
