from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.render import render
from sharedctx.segments import Document
from sharedctx_workers.compressors.config import ConfigCompressor

TOKENIZER = tokens.load()
CONFIG = ConfigCompressor()

YAML = """# How the shop is run.
# Nobody reads this.
name: shop
replicas: 3
containers:
  - name: web
    image: nginx:1.25
    script: |
      # not a comment
      key: not a key
      key: not a key either
  - name: db
    image: postgres:16
    env:
      - A
      - B
limits:
  memory: 2Gi
  note: a long value that
    goes on in the next line
"""
TOML = """[project]
name = "shop"  # short
dependencies = [
  "a>=1",
  "b>=2",
]

[tool.lint]
line-length = 100
strict = true
"""
INI = """; written by hand
[Unit]
Description=A service
After=network.target

[Service]
ExecStart=/usr/bin/run \\
  --all
Restart=no
"""


def document_of(text: str) -> Document:
    document = CONFIG.document(text, TOKENIZER)
    assert document is not None
    assert "".join(segment.text for segment in document.segments) == text
    assert all(segment.needs <= i for i, segment in enumerate(document.segments))
    return document


@pytest.mark.parametrize(
    "text",
    [
        YAML,
        TOML,
        INI,
        YAML.replace("\n", "\r\n"),
        "---\na: 1\nb:\n- x\n- y\n---\na: 2\nb: []\n",
        "# env\nexport HOME=/root\nTOKEN=abc\nDEBUG=\n",
        "a.b = 1\na.c = 2\nurl=http://x/?y=z\n",
        '"a b": 1\n\'c\': 2\nd: "x: y"\n',
    ],
)
def test_configurations_are_found(text: str) -> None:
    document = document_of(text)
    assert CONFIG.same_data(text, "".join(segment.text for segment in document.segments))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\n",
        "Dear all,\n\nNote: this is a letter.\nPlease: do read it.\nThanks: a lot.\n",
        "INFO: started\nINFO: stopped\nWARN: late\n",
        "def f():\n    x = 1\n\nclass A:\n    y = 2\n    z = 3\n",
        "- one\n- two\n- three\n- four\n",
        "[2024-01-01] started\nthen this\nand that\n",
        "a:\n\tb: 1\n\tc: 2\n\td: 3\n",
        "if x:\n  do(this, that)\nelse:\n  do(nothing, at, all)\n",
    ],
)
def test_other_texts_are_no_configurations(text: str) -> None:
    assert CONFIG.document(text, TOKENIZER) is None


def test_parents_are_kept_with_what_they_hold() -> None:
    segments = document_of(YAML).segments
    index = {segment.text.strip(): i for i, segment in enumerate(segments)}

    def parent(text: str) -> str:
        i = index[text]
        return segments[i - segments[i].needs].text.strip()

    assert (
        parent("image: postgres:16") == "- name: db"
        or parent("image: postgres:16") == "containers:"
    )
    assert parent("memory: 2Gi") == "limits:"
    assert parent("- A") == "env:"
    assert segments[index["name: shop"]].needs == 0


def test_sections_and_short_settings_come_before_comments() -> None:
    text = "".join(
        f"# {'A remark on this section. ' * 9}\n[s{i}]\nkey{i} = {i}\n\n" for i in range(12)
    )
    shown = render(document_of(text), text, TOKENIZER, max_tokens=400).text
    assert all(f"[s{i}]" in shown for i in range(12))
    assert shown.count("= ") >= 8
    assert shown.count("# A remark") <= 4


def test_what_is_left_out_is_named() -> None:
    words = "word " * 150
    text = "".join(
        f"[s{i}]\nkey-{i} = {words}\na-much-longer-key-{i} = {words}\n" for i in range(5)
    )
    shown = render(document_of(text), text, TOKENIZER, max_tokens=150).text
    assert [line for line in shown.splitlines() if line][:4] == [
        "[s0]",
        "[… L2-3 on key-0]",
        "[s1]",
        "[… L5-6 on key-1]",
    ]


def test_lines_of_a_value_belong_to_its_key() -> None:
    units = [(segment.unit, segment.count) for segment in document_of(TOML).segments]
    assert units[:4] == [("section", 1), ("key", 1), ("key", 1), ("line", 3)]


STYLE = "".join(
    f"/* rule {i} */\n#box-{i} > a[rel=x],\n.c{i}:hover {{\n"
    f"  color: #0{i:02};\n  margin: {i}px 0;\n}}\n"
    for i in range(30)
)
NGINX = "worker_processes auto;\ninclude /etc/nginx/modules/*.conf;\nhttp {\n" + "".join(
    f"    server {{  # host {i}\n        listen 80{i:02};\n        server_name h{i}.example;\n"
    f"        location ~ ^/a{i}/(.*)$ {{\n            proxy_set_header Host $host;\n"
    f"            proxy_pass http://up{i};\n            try_files $uri $uri/ =404;\n"
    f"        }}\n    }}\n"
    for i in range(20)
) + "}\n"  # fmt: skip
HCL = "".join(
    f'resource "aws_instance" "web{i}" {{\n  ami = "ami-{i}"  # image\n'
    f'  tags = {{\n    Name = "w{i}"\n  }}\n'
    f"  ports = [\n    80,\n    {8000 + i},\n  ]\n  lifecycle {{\n    prevent = true\n  }}\n}}\n\n"
    for i in range(20)
)


@pytest.mark.parametrize(
    ("text", "sections", "kept"),
    [
        (STYLE, 30, "#box-29 > a[rel=x],\n"),
        (NGINX, 1, "    server {  # host 0\n"),
        (HCL, 20, 'resource "aws_instance" "web19" {\n'),
    ],
)
def test_blocks_are_settings(text: str, sections: int, kept: str) -> None:
    document = document_of(text)
    assert sum(segment.unit == "section" for segment in document.segments) == sections
    tokens = TOKENIZER.count(text)
    view = render(document, text, TOKENIZER, max_tokens=tokens * 2 // 3, keep_required=True).text
    assert kept in view


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"fun f{i}(a: Int) {{\n    val b = a + {i}\n    call(b);\n}}\n" for i in range(9)),
        "".join(f"if ({i} > a) {{\n  b[{i}] = 2;\n}} else {{\n  print(a);\n}}\n" for i in range(9)),
        "message A {\n  string name = 1;\n}\n" * 9,
        STYLE + "}",
        "a {\n" * 99 + "b: c;\n" * 99 + "}\n" * 99,
        "a {\n" * 9 + "b: c;\n",
        "{{ one }}\n{{ two }}\nA sentence; and more.\n{{ three }}\n" * 4,
    ],
)
def test_other_blocks_are_no_settings(text: str) -> None:
    assert CONFIG.document(text, TOKENIZER) is None
