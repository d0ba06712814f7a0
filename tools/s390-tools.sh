#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/s390-tools.sh DIRECTORY: s390-tools' own chzdev for this machine, which is no s390x:
# Debian's package for s390x, unpacked into DIRECTORY, and DIRECTORY/chzdev, which runs it
# under qemu-s390x-static.  apt gets it by lists of its own, so that no architecture is
# enabled and nothing is installed.  The suite must have 2.31 or newer for 'chzdev -t ap'.
# For tests/bench/ways.py and tests/integration/chzdev.sh.
set -eu
directory=${1:?usage: s390-tools.sh DIRECTORY [SUITE]}
suite=${2:-sid}
mkdir -p "$directory/apt/lists/partial" "$directory/apt/archives/partial" "$directory/apt/parts"
cd "$directory"
here=$(pwd)
: > apt/status
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
  "http://deb.debian.org/debian $suite main" > apt/sources.list

get () {
  apt-get -qq -o APT::Architecture=s390x -o APT::Architectures=s390x \
    -o Dir::State="$here/apt" -o Dir::State::status="$here/apt/status" \
    -o Dir::Cache="$here/apt" -o Dir::Etc::SourceList="$here/apt/sources.list" \
    -o Dir::Etc::SourceParts="$here/apt/parts" -o APT::Sandbox::User="$(id -un)" "$@"
}

get update
get download s390-tools libc6 libgcc-s1 libjson-c5 zlib1g
for package in *.deb; do
  dpkg-deb -x "$package" root
done
# as usrmerge has it
[ -e root/lib ] || ln -s usr/lib root/lib
rm -rf apt ./*.deb
cat > chzdev <<END
#!/bin/sh
exec qemu-s390x-static -L "$here/root" "$here/root/usr/sbin/chzdev" "\$@"
END
chmod +x chzdev
./chzdev --version
