# Whether layer $2 (a digest in hex) in folder $1 is there in variant $3. One that came since the VM was started counts before it is
# known to be on the disk, as only the end of the VM could take it away again.
layer_whole() {
  [ ! -e "$1/$2/$3.complete" ] || return 0
  fresh='' boot=''
  { read -r fresh <"$1/$2/$3.fresh" && read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null || return 1
  [ "$fresh" = "$boot" ] && [ -d "$1/$2/$3" ]
}
