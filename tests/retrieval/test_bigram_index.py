from pathlib import Path

import pytest

from retrieval.bigram_index import BigramIndex
from retrieval.documents import BadLine, Document, read_documents
from retrieval.normalise import normalise, strip_fillers
from retrieval.pinyin import fuzzy, plain_syllable, split_latin
from retrieval.store import IndexStore

DOCUMENTS = [
    Document(
        "Q02",
        "国家级专精特新“小巨人”企业认定奖励",
        "从事细分市场三年以上，主营收入占比不低于百分之七十。认定后给予奖励。",
    ),
    Document("F02", "小微企业贷款贴息", "银行放款以后，对贷款利息给予补贴，一年一次。"),
    Document("S01", "园区厂房租金补贴", "租用园区厂房的企业，按实际租金给予补贴。"),
    Document("X04", "综合保税区通关便利", "报关慢、夜间过闸的，走二十四小时通道。"),
]


@pytest.fixture(scope="module")
def index() -> BigramIndex:
    return BigramIndex.build(DOCUMENTS)


@pytest.mark.rule("P20")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("小巨人怎么认定", "Q02"),
        ("小巨人怎麼認定", "Q02"),  # traditional
        ("请问一下贷款利息能补贴吗谢谢", "F02"),  # politeness
        ("厂房租金", "S01"),
        ("厂\u200b房租\u200d金", "S01"),  # invisible characters
        ("zhuanjingtexin", "Q02"),  # typed in pinyin
        ("贷款贴西", "F02"),  # a homophone
        ("专精特薪小具人", "Q02"),
        ("过闸通关", "X04"),
    ],
)
def test_a_question_finds_its_policy(index: BigramIndex, query: str, found: str) -> None:
    assert index.search(query, limit=1)[0].doc_id == found


@pytest.mark.rule("P20")
def test_documents_are_read_in_the_same_form_as_questions() -> None:
    index = BigramIndex.build([Document("T", "貸款貼息", "對ＥＲＰ貸款給予補貼"), Document("U", "租金", "租金")])
    assert [hit.doc_id for hit in index.search("贷款erp补贴")] == ["T"]
    assert index.search("erp")[0].matched == ("erp",)


def test_other_names_are_searched_and_never_shown() -> None:
    (hit,) = BigramIndex.build([Document("A", "资质认定", "认定办法", also="高企")]).search("高企")
    assert "高企" not in hit.passage


@pytest.mark.rule("P21")
def test_a_hit_says_why_and_shows_the_clause(index: BigramIndex) -> None:
    hit = index.search("贷款利息补贴", limit=1)[0]
    assert hit.matched == ("贷款利息", "补贴")
    assert "对贷款利息给予补贴" in hit.passage


def test_the_passage_of_a_long_text_is_the_clause_that_answers() -> None:
    text = "第一条 总则。" * 200 + "第九条 司机体检每年一次，费用由中心承担。" + "第十条 附则。" * 200
    (hit,) = BigramIndex.build([Document("L", "管理办法", text)]).search("司机体检费用")
    assert "司机体检每年一次，费用由中心承担" in hit.passage
    assert len(hit.passage) <= 220


@pytest.mark.parametrize("query", ["", "   ", "？！…", "😀", "\x00", "a" * 20000, "的" * 5000])
def test_nothing_a_person_can_type_breaks_the_search(index: BigramIndex, query: str) -> None:
    assert isinstance(list(index.search(query)), list)


def test_what_matches_nothing_is_not_found(index: BigramIndex) -> None:
    assert list(index.search("xyzw")) == []
    assert list(BigramIndex.build([]).search("贷款")) == []


@pytest.mark.rule("P22")
def test_ties_go_to_the_earlier_document() -> None:
    same = BigramIndex.build([Document(str(n), "贷款贴息", "贷款贴息") for n in range(30)])
    assert [hit.doc_id for hit in same.search("贷款贴息", limit=4)] == ["0", "1", "2", "3"]


def test_one_form_for_width_case_and_script() -> None:
    assert normalise("ＥＲＰ　補貼\u200b") == "erp 补贴"
    assert strip_fillers("请问") == "请问"


def test_sounds_that_people_mix_up_are_one() -> None:
    assert fuzzy("zhong") == fuzzy("zong")
    assert fuzzy("ling") == fuzzy("nin")
    assert fuzzy("hua") != fuzzy("fa")
    assert plain_syllable("lǜ") == "lv"
    assert split_latin("tiexi", {"tie": 1, "xi": 2, "ti": 3, "e": 4}) == [1, 2]
    assert split_latin("erp", {"er": 1}) == []


@pytest.mark.rule("P23")
def test_a_saved_index_answers_alike_and_is_built_once(tmp_path: Path, index: BigramIndex) -> None:
    store = IndexStore(tmp_path)
    assert store.load(7) is None
    built = store.build(7, lambda: DOCUMENTS, wait=True)
    assert built is not None
    again = store.build(7, lambda: pytest.fail("built twice"), wait=True)
    assert again is not None
    for query in ("小巨人", "zhuanjingtexin", "贷款贴西"):
        assert list(again.search(query)) == list(index.search(query))
    (tmp_path / "r7" / "about.json").unlink()
    assert store.load(7) is None


@pytest.mark.rule("P23")
def test_old_revisions_are_cleared_away(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    for revision in range(1, 6):
        store.build(revision, lambda: DOCUMENTS, wait=True)
    assert len(list(tmp_path.glob("r*"))) == 2
    assert store.load(5) is not None


def test_a_second_builder_does_not_wait_unless_told(tmp_path: Path) -> None:
    store, other = IndexStore(tmp_path), IndexStore(tmp_path)
    seen: list[object] = []

    def documents() -> list[Document]:
        seen.append(other.build(1, lambda: DOCUMENTS, wait=False))
        return DOCUMENTS

    assert store.build(1, documents, wait=True) is not None
    assert seen == [None]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    path.write_text('{"id": "a", "text": "x"}\nnot json\n', "utf-8")
    with pytest.raises(BadLine, match="line 2"):
        list(read_documents(path))
