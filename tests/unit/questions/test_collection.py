"""``pgladder collection``: anybody's files on one page, what can't be taken named and left out."""

import json
import os
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bench.analysis.collection import Entry, ranked_cells
from bench.analysis.ladder import ladder_report
from bench.analysis.share import shared
from bench.cli.main import main
from bench.model.codec import to_json
from bench.model.shared import MOST_BYTES
from bench.report.collection import build_collection
from bench.results.vocabulary import own_words
from tests.builders import a_host, a_record, pulled, written

WORDS = own_words()


def a_shared(model="Intel(R) N100", rows=350_000, **host):
    records = [a_record(number, "2-G", block=number, rows=rows + 5_000 * number) for number in (1, 2, 3)]
    run = pulled(*records, host=a_host(cpu={"model": model, "logical_cpus": 4}, **host))
    return shared(run, ladder_report(run), WORDS)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "sent"
    place.mkdir()
    for number, model in enumerate(("Intel(R) N100", "AMD Ryzen 7 5800H", "Intel(R) Core(TM) i3-N305"), 1):
        (place / f"{number}.json").write_bytes(to_json(a_shared(model, 350_000 * number)))
    return place


def pgladder(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(list(map(str, words)))
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def test_shared_files_become_one_page(folder, capsys):
    code, out, _ = pgladder(capsys, "collection", folder)
    assert (code, out.count("left out")) == (0, 1)
    assert "3 boxes in 1 ranking; 0 of 3 files left out." in out
    answer = " ".join(out.split())
    assert answer.endswith(
        "COPY (phase 2-G), 5,000 rows a commit: The most of 3 boxes: 424,000 rows/s by Intel Core i3-N305, 4 CPUs,"
        " 16 GiB, nvme disk (rank 1)."
    )
    page = (folder / "collection.html").read_text()
    for words in ("Intel N100", "AMD Ryzen 7 5800H", "Intel Core i3-N305", "PostgreSQL 15, stock, plain, tcp, durable"):
        assert words in page


def test_ones_own_run_stands_beside_all_in_one_command(folder, tmp_path, capsys):
    records = [a_record(number, "2-G", block=number, rows=600_000 + 5_000 * number) for number in (1, 2, 3)]
    run = written(tmp_path / "kims-nuc", pulled(*records))
    code, out, _ = pgladder(capsys, "collection", folder, "--mine", run)
    assert code == 0
    assert "Yours, COPY (phase 2-G), 5,000 rows a commit: 244,000 rows/s kept up, rank 3 of 4" in " ".join(out.split())
    page = (folder / "collection.html").read_text()
    assert page.count('class="mine"') == 1
    assert "kims-nuc" not in page


def test_a_file_that_was_shared_may_be_ones_own_and_counts_once(folder, capsys):
    code, out, _ = pgladder(capsys, "collection", folder, "--mine", folder / "2.json")
    assert (code, "3 boxes" in out, "Yours" in out) == (0, True, True)


BAD = {
    "no-json.json": (b"<script>alert(1)</script>", "error", "It is no pgladder/share/1"),
    "huge.json": (b" " * (MOST_BYTES + 1), "error", "at most"),
    "deep.json": (b"[" * 90_000, "error", "It is no"),
    "lie.json": (
        to_json(replace(a_shared(), rungs=tuple(replace(r, sustained_rows_per_s=9e8) for r in a_shared().rungs))),
        "error",
        "faster than without",
    ),
    "strange.json": (
        json.dumps(json.loads(to_json(a_shared(rows=420_000))) | {"<b>": "<script>"}).encode(),
        "warning",
        "not read",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_taken_is_named_and_the_others_are_shown(folder, capsys, name):
    content, severity, words = BAD[name]
    (folder / name).write_bytes(content)
    code, out, _ = pgladder(capsys, "collection", folder, "--json")
    told = json.loads(out)
    assert code == (1 if severity == "error" else 0)
    [file] = told["files"]
    assert file["file"].endswith(name)
    assert file["taken"] is (severity == "warning")
    assert {flaw["severity"] for flaw in file["flaws"]} == {severity}
    assert words in file["flaws"][0]["sentence"]
    assert told["boxes"] == 3 + file["taken"]


def test_links_and_pipes_are_not_read(folder, capsys, tmp_path):
    (tmp_path / "elsewhere.json").write_bytes(to_json(a_shared(rows=420_000)))
    (folder / "link.json").symlink_to(tmp_path / "elsewhere.json")
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    code, out, _ = pgladder(capsys, "collection", folder)
    assert code == 1
    assert "3 boxes in 1 ranking; 3 of 6 files left out." in out


def test_the_same_file_twice_counts_once(folder, capsys):
    (folder / "again.json").write_bytes((folder / "1.json").read_bytes())
    code, out, _ = pgladder(capsys, "collection", folder)
    assert (code, "3 boxes" in out, "Another file says the same" in " ".join(out.split())) == (0, True, True)


@pytest.mark.parametrize(("make", "sentence"), [(False, "is no folder"), (True, "holds no shared file")])
def test_a_folder_without_shared_files_is_refused(tmp_path, capsys, make, sentence):
    if make:
        (tmp_path / "x").mkdir()
    code, _, err = pgladder(capsys, "collection", tmp_path / "x")
    assert code == 2
    assert sentence in err


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = set()
        self.links = []

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "onclick", "onload")]


def test_nothing_of_a_file_is_markup_and_the_page_has_no_script_and_no_link():
    # No file with such words gets so far: here nobody has judged it.
    mean = "<script>alert(1)</script>\"'&\u202e"
    what = a_shared()
    rung = replace(what.rungs[0], variant=mean, durability=(mean,), doubts=(mean,), suspect=1, phase=mean)
    what = replace(what, box=replace(what.box, processor=mean), rungs=(rung,))
    entries = [Entry(label=mean, shared=what), Entry(label="2", shared=what, mine=True)]
    page = build_collection(entries, ranked_cells(entries), 1, WORDS, "0.1.0")
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.seen
    assert tags.links == []
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
