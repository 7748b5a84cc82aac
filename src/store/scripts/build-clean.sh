# Removes from a build what can be fetched or made again, and what must be different in every process.
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial \
  /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/*- /var/cache/ldconfig/aux-cache /var/lib/dbus/machine-id \
  /var/lib/systemd/random-seed
rm -rf /tmp/* /tmp/.[!.]* /var/tmp/* /var/tmp/.[!.]*
[ ! -d /var/log ] || find /var/log -type f -exec rm -f {} + 2>/dev/null || :
[ ! -e /etc/machine-id ] || : >/etc/machine-id
