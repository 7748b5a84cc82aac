#!/bin/sh
# virsh of this machine, and failures in libvirt's own words: before it in PATH, with a directory FAULTS of files that are taken away as
# they are used.
set -eu
faults=$(dirname -- "$0")/faults
verb=$4

# once NAME: whether this fault was asked for.
once() { rm "$faults/$1" 2>/dev/null; }

say() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

[ ! -e "$faults/locked-out" ] ||
  say 'failed to connect to the hypervisor' 'authentication failed: access denied by policy'
if [ "$verb" = start ] && once no-capacity; then
  say 'Failed to start domain' "internal error: process exited while connecting to monitor: cannot set up guest memory 'pc.ram': Cannot allocate memory"
fi
if [ "$verb" = vol-create-as ] && once quota; then
  say 'Failed to create vol' 'cannot create path: Disk quota exceeded'
fi
if [ "$verb" = start ] && once lost; then
  /usr/bin/virsh "$@"
  say 'Failed to start domain' 'Cannot recv data: Connection reset by peer'
fi
exec /usr/bin/virsh "$@"
