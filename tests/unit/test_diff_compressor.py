from __future__ import annotations

import base64
import hashlib

import pytest

from sharedctx import tokens
from sharedctx.decode_diff import decode_diff
from sharedctx.render import render
from sharedctx.segments import REQUIRED, Document
from sharedctx_workers.compressors.diff_compressor import DiffCompressor
from sharedctx_workers.compressors.diff_lines import DiffPart, diff_lines

TOKENIZER = tokens.load()
DIFF = DiffCompressor()


def git_file(name: str, changes: int = 6) -> str:
    hunks = "".join(
        f"@@ -{n},7 +{n},7 @@ def function_{n}():\n"
        + "".join(f" before = compute_value({n}, {k})\n" for k in range(3))
        + f"-old_call({n}, first_argument)\n+new_call({n}, first_argument)\n"
        + "".join(f" after = compute_value({n}, {k})\n" for k in range(3))
        for n in range(10, 10 + 40 * changes, 40)
    )
    head = (
        f"diff --git a/{name} b/{name}\nindex 1234567..89abcde 100644\n--- a/{name}\n+++ b/{name}\n"
    )
    return head + hunks


def document_of(text: str) -> Document:
    document = DIFF.document(text, TOKENIZER)
    assert document is not None
    assert decode_diff("".join(segment.text for segment in document.segments)) == text
    return document


def shown(text: str) -> str:
    document = document_of(text)
    budget = TOKENIZER.count(text) // 5
    return render(document, text, TOKENIZER, max_tokens=budget, keep_required=True).text


def parts(text: str) -> list[str]:
    return [line.part.value for line in diff_lines(text)]


def test_every_changed_line_is_kept_before_any_context() -> None:
    text = git_file("src/app.py") + git_file("src/store.py")
    view = shown(text)
    for line in text.splitlines():
        if line.startswith(("@@", "+++")):
            assert line in view
        elif line.startswith("+new"):
            assert f"~[-old_call-]{{+new_call+}}{line[len('+new_call') :]}\n" in view
    assert "before =" not in view
    assert TOKENIZER.count(view) < 0.5 * TOKENIZER.count(text)


def test_context_that_is_left_out_is_counted() -> None:
    view = shown(git_file("src/app.py", 2))
    assert "function_10():\n[… 3]\n~[-old_call-]" in view


def test_generated_files_give_way() -> None:
    text = git_file("src/app.py") + git_file("web/package-lock.json", 20)
    view = shown(text)
    assert "{+new_call+}(10, first_argument)" in view
    assert "+++ b/web/package-lock.json" in view
    assert "20 removed lines, 20 added lines elided" in view


def test_lists_of_digests_give_way() -> None:
    digests = [hashlib.sha256(str(n).encode()).digest() for n in range(12)]
    for write in (bytes.hex, lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("=")):
        lines = "".join(
            f"+pkg/module_{n}.py,sha256={write(d)},4021\n" for n, d in enumerate(digests)
        )
        text = f"--- a/files.txt\n+++ b/files.txt\n@@ -0,0 +1,12 @@\n{lines}" + git_file("x.py")
        view = shown(text)
        assert "+++ b/files.txt" in view
        assert "pkg/module" not in view
        assert "12 added lines elided" in view


def test_deleted_files_keep_their_lines() -> None:
    lines = "".join(f"-value_{n} = read_setting({n})\n" for n in range(30))
    head = "diff --git a/x.py b/x.py\ndeleted file mode 100644\n--- a/x.py\n+++ /dev/null\n"
    view = shown(f"{head}@@ -1,30 +0,0 @@\n{lines}" + git_file("app.py"))
    assert lines in view
    assert "deleted file mode 100644" in view


def test_renames_and_modes_stay() -> None:
    head = (
        "diff --git a/one.sh b/two.sh\nold mode 100644\nnew mode 100755\nsimilarity index 90%\n"
        "rename from one.sh\nrename to two.sh\n"
    )
    assert head in shown(head + git_file("x.py", 2))
    head = (
        "diff --git a/one.sh b/two.sh\nsimilarity index 100%\n"
        "rename from one.sh\nrename to two.sh\n"
    )
    view = shown(head + git_file("x.py", 2))
    assert view.startswith("[… L1-2]\nrename from one.sh\nrename to two.sh\n[… L5-7]\n+++ b/x.py")


def test_changed_lines_that_look_like_headers() -> None:
    text = "--- x.sql\n+++ x.sql\n@@ -1,3 +1,3 @@\n sql\n--- old comment\n+++ new comment\n x\n"
    assert parts(text) == ["name", "name", "hunk", "context", "removed", "added", "context"]


def test_commit_messages_and_several_commits() -> None:
    message = "commit 0123456789abcdef0123456789abcdef01234567\nAuthor: A <a@b.c>\n\n    Fix it\n\n"
    text = message + git_file("a.py") + "\n" + message + git_file("b.py")
    found = parts(text)
    assert found.count("text") == 11
    assert found.count("hunk") == 12
    assert shown(text).startswith(message[:47])


def test_combined_diffs_and_missing_newlines() -> None:
    text = (
        "diff --cc f.c\nindex 1111111,2222222..3333333\n--- a/f.c\n+++ b/f.c\n"
        "@@@ -1,2 -1,3 +1,3 @@@\n  same\n- ours\n -theirs\n++both\n+ one\n"
    )
    assert parts(text)[5:] == ["context", "removed", "removed", "added", "added"]
    end = "\\ No newline at end of file\n"
    text = f"--- a\n+++ b\n@@ -1 +1 @@\n-x\n{end}+y\n{end}"
    assert parts(text)[3:] == ["removed", "removed", "added", "added"]


def test_normal_diffs() -> None:
    change = (
        "3,4c3\n< a\n< b\n---\n> c\n5a5,6\n> 7a8\n> \n9d9\n< gone\n\\ No newline at end of file\n"
    )
    removed, added = ["removed"], ["added"]
    hunks = ["hunk", *removed * 3, *added, "hunk", *added * 2, "hunk", *removed * 2]
    assert parts(change) == hunks
    text = f"diff -r a/x.py b/x.py\n{change}Only in b: new.py\n"
    assert parts(text) == ["file", *hunks, "file"]
    assert all(segment.rank <= REQUIRED for segment in document_of(change).segments[1:4])
    assert DIFF.document("We met at 5a5,6\n> said one\n" * 9, TOKENIZER) is None


def test_context_diffs() -> None:
    text = (
        "diff -c a b\n*** a\tnow\n--- b\tnow\n***************\n*** 1,4 ****\n"
        "  one\n! two\n  three\n- four\n--- 1,4 ----\n"
        "  one\n! 2\n+ 2.5\n  three\n***************\n*** 8,9 ****\n"
        "--- 8,10 ----\n  eight\n+ new\n  nine\n"
    )
    old = ["hunk", "context", "removed", "context", "removed"]
    new = ["hunk", "context", "added", "added", "context"]
    more = ["detail", "hunk", "hunk", "context", "added", "context"]
    assert parts(text) == ["file", "name", "name", "detail", *old, *new, *more]
    assert decode_diff("".join(segment.text for segment in document_of(text).segments)) == text


def test_truncated_hunks_end_where_they_break_off() -> None:
    text = "--- a\n+++ b\n@@ -1,9 +1,9 @@\n x\n-y\nplain text\n@@ -1,1 +1,1 @@\n"
    assert parts(text)[3:] == ["context", "removed", "text", "text"]
    assert [line.part for line in diff_lines("")] == []
    assert DiffPart.HUNK.value == "hunk"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Title\n\n- one\n- two\n+ three\n",
        "--- a\ntext\n+++ b\n",
        "@@ -1,2 +1,2 @@\n-x\n+y\n",
        "The diff --git output is explained here.\n" * 20,
        "word " * 400 + "\n" + git_file("a.py", 1)[:200],
    ],
)
def test_what_is_no_diff_is_left_alone(text: str) -> None:
    assert DIFF.document(text, TOKENIZER) is None


def test_large_diffs_have_a_bounded_number_of_segments() -> None:
    body = "".join(f"+{n}\n" for n in range(200_000))
    text = f"--- /dev/null\n+++ b/data.txt\n@@ -0,0 +1,200000 @@\n{body}"
    document = document_of(text)
    assert len(document.segments) < 130_000
    assert sum(segment.count for segment in document.segments) == 200_002
    for i, segment in enumerate(document.segments):
        assert segment.needs <= i
