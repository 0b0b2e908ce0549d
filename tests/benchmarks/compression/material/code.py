"""Source code in seventeen languages, from packages."""

from __future__ import annotations

from typing import Final

from tests.benchmarks.compression.sources import Source, files
from tests.benchmarks.compression.workshop import Package

__all__ = ("SOURCES",)

_CAPACITOR_ANDROID: Final = Package("npm", "@capacitor/android@8.5.2")
_SCREENS: Final = Package("npm", "react-native-screens@4.30.1")

SOURCES: Final[tuple[Source, ...]] = (
    files("code", Package("pypi", "django==5.2.6"), "django/db/**/*.py"),
    files("code", Package("pypi", "networkx==2.6.3"), "networkx/algorithms/*.py", count=2),
    files("code", Package("pypi", "rich==14.1.0"), "rich/*.py", count=2),
    files("code", Package("npm", "express@5.1.0"), "package/lib/*.js", count=2),
    files("code", Package("npm", "three@0.170.0"), "package/src/**/*.js", count=2),
    files("code", Package("npm", "zod@3.25.76"), "package/src/v4/**/*.ts"),
    files("code", Package("npm", "rxjs@7.8.2"), "package/src/**/*.ts", count=2),
    files("code", Package("npm", "react-aria-components@1.12.1"), "package/src/*.tsx", count=4),
    files("code", Package("debian", "golang-github-spf13-cobra-dev"), "**/*.go", count=2),
    files("code", Package("debian", "golang-github-gin-gonic-gin-dev"), "**/*.go", count=2),
    files("code", Package("debian", "librust-regex-syntax-dev"), "**/src/*/*.rs", count=2),
    files("code", Package("debian", "librust-serde-json-dev"), "**/src/*.rs", count=2),
    files("code", _CAPACITOR_ANDROID, "package/**/*.java"),
    files("code", Package("npm", "cordova-android@15.1.0"), "package/**/*.java", count=2),
    files("code", Package("npm", "tree-sitter@0.25.0"), "**/lib/src/*.c"),
    files("code", Package("npm", "leveldown@6.1.1"), "package/deps/leveldb/**/*.cc"),
    files("code", Package("npm", "node-addon-api@8.5.0"), "package/*.h", count=1, high=300_000),
    files("code", Package("npm", "edge-js@26.1.0"), "package/src/**/*.cs"),
    files("code", Package("npm", "react-native-code-push@8.3.1"), "**/*.cs", count=2),
    files("code", Package("npm", "react-native-fs@2.20.0"), "**/*.cs", count=1),
    files("code", Package("debian", "ruby-rack"), "**/*.rb", count=2),
    files("code", Package("debian", "ruby-activesupport"), "**/*.rb", count=2),
    files("code", Package("debian", "php-symfony-console"), "**/*.php", count=2),
    files("code", Package("debian", "php-twig"), "**/*.php", count=2),
    files("code", Package("debian", "bash-completion"), "usr/share/**/*_completion", count=1),
    files("code", Package("debian", "debootstrap"), "usr/share/debootstrap/functions", count=1),
    files("code", Package("npm", "bats@1.13.0"), "package/lib*/**/*.bash", count=2, low=4_000),
    files("code", _SCREENS, "package/android/**/*.kt", count=1),
    files("code", Package("npm", "@capacitor/ios@8.5.2"), "package/**/*.swift", count=1),
    files("code", Package("debian", "libmojolicious-perl"), "**/*.pm", count=1),
    files("code", Package("debian", "lua-penlight"), "**/*.lua", count=1),
)
