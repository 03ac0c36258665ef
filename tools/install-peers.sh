#!/usr/bin/env bash
# Installs what the tests need from outside npm: other brokers and clients. Never fails: it says what it could not get,
# and the tests that need it are skipped by name.
set -uo pipefail
cd "$(dirname "$0")/.."

packages=(mosquitto mosquitto-clients haproxy openssl strace)
python=node_modules/.cache/petaltail-peers
paho=paho-mqtt==2.1.0

missing_packages() {
  local package
  for package in "$@"; do
    [[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" == ii* ]] || echo "$package"
  done
}

# Installs Debian packages; their services do not start, and do not begin to run with the machine because of us.
install_packages() {
  local policy=/usr/sbin/policy-rc.d mine=no
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && mine=yes
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { apt-get update -qq >/dev/null 2>&1 && apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1; }
  [[ $mine == yes ]] && rm -f "$policy"
  if command -v systemctl >/dev/null 2>&1; then
    local service
    for service in mosquitto haproxy; do
      [[ " $* " == *" $service "* ]] && systemctl disable --now "$service" >/dev/null 2>&1
    done
  fi
}

peers_of_debian() {
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    echo "peers: this is not Debian; tests with ${packages[*]} run where these are on the PATH"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages "${packages[@]}")
  ((${#missing[@]} == 0)) && return
  if ((EUID != 0)); then
    echo "peers: not root, so not installed: ${missing[*]}"
    return
  fi
  install_packages "${missing[@]}"
  mapfile -t missing < <(missing_packages "${packages[@]}")
  ((${#missing[@]} == 0)) || echo "peers: could not be installed: ${missing[*]}"
}

has_paho() {
  [[ -x $python/bin/python ]] && "$python/bin/python" -c 'import paho.mqtt.client' >/dev/null 2>&1
}

# Python itself can be there without what makes environments, which Debian packs apart.
make_environment() {
  python3 -m venv --clear "$python" >/dev/null 2>&1 && return
  ((EUID == 0)) && command -v apt-get >/dev/null 2>&1 && install_packages python3-venv &&
    python3 -m venv --clear "$python" >/dev/null 2>&1
}

peer_of_python() {
  has_paho && return
  if make_environment; then
    "$python/bin/python" -m pip install --quiet --disable-pip-version-check "$paho" >/dev/null 2>&1
  fi
  has_paho || echo "peers: could not be installed: $paho (needs python3 with venv and pip)"
}

peers_of_debian
peer_of_python
echo "peers: done"
exit 0
