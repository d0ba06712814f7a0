#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what building, demo and tests need and this machine lacks, with the
# system's package manager; with the argument "fuzz", what the fuzzers need besides;
# with "nova", what the tests with OpenStack Nova need, which are skipped without;
# with "prometheus", the checker of metrics, without which its tests are skipped.
# Says nothing when all is there.
set -eu

apt_packages='
  gcc dpkg-dev meson ninja-build pkg-config gettext python3 python3-docutils python3-jsonschema
  libglib2.0-dev libxml2-dev libjansson-dev libtirpc-dev libfuse3-dev libvirt-dev libcairo2-dev
  libvirt-daemon-system libvirt-clients mdevctl python3-libvirt
  virtinst python3-gi gir1.2-libvirt-glib-1.0
  qemu-system-misc qemu-system-x86 kmod procps iproute2 libxml2-utils socat strace'
dnf_packages='
  gcc meson ninja-build pkgconf-pkg-config gettext python3 python3-docutils python3-jsonschema
  glib2-devel libxml2-devel jansson-devel libtirpc-devel fuse3-devel libvirt-devel cairo-devel
  libvirt-daemon-kvm libvirt-client mdevctl python3-libvirt
  virt-install python3-gobject-base libvirt-gobject
  qemu-system-s390x-core qemu-system-x86-core kmod procps-ng iproute libxml2 socat strace'

if [ "${1:-}" = fuzz ]; then
  apt_packages="$apt_packages clang libclang-rt-dev"
  dnf_packages="$dnf_packages clang compiler-rt"
fi

if [ "${1:-}" = nova ]; then
  apt_packages="$apt_packages python3-nova python3-placement python3-openstackclient
    uwsgi-plugin-python3 qemu-utils"
  dnf_packages="$dnf_packages openstack-nova-common openstack-placement-common qemu-img"
fi

# only promtool of it is run, and no server on a machine that has a use for its port
if [ "${1:-}" = prometheus ]; then
  apt_packages="$apt_packages prometheus"
  dnf_packages="$dnf_packages golang-github-prometheus"
fi

# prints those of its arguments that QUERY does not know as installed
missing () {
  query=$1; shift
  for package; do
    $query "$package" >/dev/null 2>&1 || printf '%s ' "$package"
  done
}

deb_installed () {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if command -v apt-get >/dev/null; then
  lacking=$(missing deb_installed $apt_packages)
  install='apt-get install -y --no-install-recommends'
  refresh='apt-get update'
elif command -v dnf >/dev/null; then
  lacking=$(missing 'rpm -q' $dnf_packages)
  install='dnf install -y'
  refresh=true
else
  echo 'virt-ap needs: a C compiler, meson, ninja, gettext, glib 2.74, libxml2, jansson, libtirpc,' >&2
  echo 'libfuse3 and libvirt with their headers; to run demo and tests: libvirtd, virsh, mdevctl,' >&2
  echo 'qemu-system-s390x, python3.  Neither apt-get nor dnf is here to install them.' >&2
  for program in meson ninja cc pkg-config; do
    command -v $program >/dev/null || exit 1
  done
  exit 0
fi

[ -n "$lacking" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Missing packages; as root, type: $install $lacking" >&2
  exit 1
fi

echo "Installing: $lacking"
export DEBIAN_FRONTEND=noninteractive
$refresh >/dev/null
# a daemon that a package brings must not start: the demo and the tests run their own
$install $lacking >/dev/null
