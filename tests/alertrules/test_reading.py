"""What is told of a file that is wrong: the first of it, in the order of the file."""

from alertrules.reading import MAX_SENTENCE, MAX_TOLD, Problems


def told(count: int, text: str = "wrong.") -> list[str]:
    problems = Problems("f")
    for line in range(count, 0, -1):
        problems.add(line, text)
    return problems.sentences


def test_so_many_problems_are_told_in_the_order_of_the_file() -> None:
    assert told(MAX_TOLD) == [f"f, line {line}: wrong." for line in range(1, MAX_TOLD + 1)]


def test_of_more_problems_the_first_are_told() -> None:
    sentences = told(MAX_TOLD + 1)
    assert sentences[:-1] == told(MAX_TOLD)
    assert sentences[-1] == f"f: {MAX_TOLD + 1} things are wrong; these were the first {MAX_TOLD}."


def test_a_long_sentence_is_cut() -> None:
    assert told(1, "x" * MAX_SENTENCE) == [f"f, line 1: {'x' * MAX_SENTENCE}"]
    assert told(1, "x" * (MAX_SENTENCE + 1)) == [f"f, line 1: {'x' * (MAX_SENTENCE - 1)}…"]
