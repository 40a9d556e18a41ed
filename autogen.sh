#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from a clean checkout; then: mkdir build && cd build && ../configure && make
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux
exec autoreconf --force --install --warnings=all,no-obsolete
