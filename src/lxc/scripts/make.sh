# Makes containers. Arguments: lineage, folder of the processes, then for each process NAME FINGERPRINT ROOTFS. Standard input
# says how, see make-input.ts. A container is built aside and gets its name when it is whole; one that is there already is left
# as it is. Prints a JSON line {"name","ready":false,"ms","failure"} for each that cannot be made.
set -u
export LC_ALL=C
umask 022
lineage=$1 processes=$2
shift 2
staging=$processes/.making
tools=${processes%/*}/bin
status=0

fail() {
  printf '{"name":"%s","ready":false,"ms":0,"failure":"%s"}\n' "$1" "$2"
  printf '%s: %s\n' "$1" "$2" >&2
  status=1
}

# What an earlier run left when it was cut.
[ ! -e "$staging" ] || rm -rf "$staging"

wanted='' images='' pairs=''
while [ $# -gt 0 ]; do
  name=$1 fingerprint=$2 rootfs=$3
  shift 3
  if [ -e "$processes/$name" ] || [ -h "$processes/$name" ]; then
    label=''
    [ ! -e "$processes/$name/label.json" ] || read -r label <"$processes/$name/label.json"
    case $label in
    *"\"lineage\":\"$lineage\""*"\"fingerprint\":\"$fingerprint\""*) ;;
    *"\"lineage\":\"$lineage\""*) fail "$name" 'it exists with another fingerprint' ;;
    *) fail "$name" 'a container of that name exists that is not ours' ;;
    esac
  elif [ -e "${rootfs%/*}/complete" ] && [ -d "$rootfs" ]; then
    wanted="$wanted $name" pairs="$pairs $name=$rootfs"
    [ -d "$rootfs/.stratos" ] || images="$images $rootfs"
  else
    fail "$name" 'its image is not on this VM'
  fi
done
[ -n "$wanted" ] || exit "$status"
# shellcheck disable=SC2086 # paths without spaces
[ -z "$images" ] || "$tools/image-mount" $images >&2

version1='' version2=''
for controller in memory cpu pids; do
  [ ! -d "/sys/fs/cgroup/$controller" ] || version1="$version1 $controller"
done
for file in /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/unified/cgroup.controllers; do
  [ ! -e "$file" ] || read -r version2 <"$file"
done

# Images without a shell (one static program, say) get ours: the launcher is a script. A link counts, as it is the image's to follow.
bare=' ' privileged=' '
for pair in $pairs; do
  case $pair in */privileged) privileged="$privileged${pair%%=*} " ;; esac
  shell=${pair#*=}/bin/sh
  [ -x "$shell" ] || [ -h "$shell" ] || bare="$bare${pair%%=*} "
done

# Puts our $2 into process $1 as $3. A link is enough, but not where root inside is root outside and could write to what all have.
lend() {
  case $privileged in
  *" $1 "*) cp -r "$tools/$2" "$staging/$1/stratos/$3" ;;
  *) cp -rl "$tools/$2" "$staging/$1/stratos/$3" ;;
  esac
}

# shellcheck disable=SC2086,SC2016 # names are words
build() {
  folders='' pipes=''
  for name in $wanted; do
    folders="$folders $staging/$name/overlay/delta $staging/$name/overlay/work $staging/$name/stratos $staging/$name/tenants $staging/$name/rootfs"
    pipes="$pipes $staging/$name/stratos/output"
  done
  # Nobody else sees a launcher before it has its owner and mode.
  mkdir -m 700 "$staging" && mkdir -p $folders && mkfifo -m 622 $pipes || return
  for name in $bare; do lend "$name" busybox sh || return; done
  awk -v staging="$staging" -v wanted="$wanted " -v bare="$bare" -v version1="$version1 " -v version2=" $version2 " '
    # Finds a name, or an id, in a file of the image and leaves its columns in found. False when it is not there.
    function look(file, key, line, hit) {
      hit = 0
      while (!hit && (getline line < file) > 0) {
        split(line, found, ":")
        hit = found[1] == key || found[3] == key
      }
      close(file)
      return hit
    }
    # Who the process runs as, by the passwd and group files of its image.
    function identify(spec, parts) {
      split(spec, parts, ":")
      if (look(rootfs "/etc/passwd", parts[1])) { uid = found[3]; gid = found[4]; home = found[6]; login = found[1] }
      else if (parts[1] ~ /^[0-9]+$/) { uid = parts[1]; gid = 0; home = "/" }
      else return refuse("its image has no user " parts[1])
      if (parts[2] ~ /^[0-9]+$/) gid = parts[2]
      else if (parts[2] != "" && look(rootfs "/etc/group", parts[2])) gid = found[3]
      else if (parts[2] != "") return refuse("its image has no group " parts[2])
      if (parts[2] != "") login = ""
      if (home == "") home = "/"
      if (uid >= 65536 || gid >= 65536) refuse("its user is outside the range of ids: " uid ":" gid)
    }
    # Further groups of a user, as the image has them: where it names a group itself there are none.
    function supplement(login, line, columns, members, count, result) {
      result = ""
      while (login != "" && (getline line < (rootfs "/etc/group")) > 0) {
        split(line, columns, ":")
        for (count = split(columns[4], members, ","); count > 0; count--)
          if (members[count] == login && columns[3] ~ /^[0-9]+$/ && columns[3] != gid && columns[3] + 0 < 65536) result = result (result == "" ? "" : " ") columns[3]
      }
      close(rootfs "/etc/group")
      return result
    }
    function refuse(reason) { print "fail " name " " reason; skip = 1 }
    # The launcher with the shell beside it, also for whoever wants to enter.
    function shelled(text) {
      sub(/^#!\/bin\/sh/, "#!/.stratos/sh", text)
      sub(/\nexec "\$@"$/, "\n[ \"$1\" != /bin/sh ] || { shift; set -- /.stratos/sh \"$@\"; }\nexec \"$@\"", text)
      return text
    }
    # Becomes the user with its further groups, and then the launcher: LXC 5 gives none to an unprivileged container, and to what is
    # attached never. It begins as root inside; where that is root of the VM, a terminal or pipe is given to the user first, as LXC does.
    function as_user(own, list) {
      list = groups
      gsub(/ /, ",", list)
      own = "for n in 0 1 2; do\n  if [ -t \"$n\" ] || [ -p \"/proc/$$/fd/$n\" ]; then /.stratos/busybox chown " uid " \"/proc/$$/fd/$n\" 2>/dev/null; fi\ndone\n"
      return "#!/.stratos/busybox sh\n" (uid == 0 || base != 0 ? "" : own) \
        "exec /.stratos/setpriv/ld.so --library-path /.stratos/setpriv /.stratos/setpriv/setpriv" \
        " --reuid " uid " --regid " gid " --groups " list " -- /.stratos/init \"$@\""
    }
    function put(path, text) { print text > path; if (close(path) != 0) exit 2 }
    $1 == "process" {
      name = $2; rootfs = $3; base = $4; uid = 0; gid = 0; home = "/root"; login = "root"; limits = ""; disk = 0
      skip = index(wanted, " " name " ") == 0
    }
    $1 == "user" && !skip { login = ""; identify($2) }
    $1 == "limit" && !skip && index($3 == "v1" ? version1 : version2, " " $2 " ") {
      sub(/^limit [^ ]+ [^ ]+ /, "")
      limits = limits "\n" $0
    }
    $1 == "disk" && !skip { disk = $2 }
    $1 == "volume" && !skip { sub(/^volume /, ""); print "volume " (base + uid) " " $0 }
    $1 == "file" {
      file = $2; text = ""
      for (count = $3; count > 0; count--) {
        if ((getline line) <= 0) exit 3
        text = text line (count > 1 ? "\n" : "")
      }
      if (skip) next
      if (file == "stratos/init" && index(bare, " " name " ")) text = shelled(text)
      if (file == "config") {
        groups = supplement(login)
        # Podman, whose configuration has no such line, gives them by itself.
        inside = groups != "" && sub(/\nlxc\.init\.cmd = [^\n]*/, "\nlxc.init.cmd = /.stratos/as-user", text)
        if (inside) { put(staging "/" name "/stratos/as-user", as_user()); print "grouped " name }
        text = text limits "\nlxc.init.uid = " (inside ? 0 : uid) "\nlxc.init.gid = " (inside ? 0 : gid) "\nlxc.environment = HOME=" home
      }
      put(staging "/" name "/" file, text)
      next
    }
    $1 == "end" && !skip {
      put(staging "/" name "/user", uid " " gid " " home)
      put(staging "/" name "/groups", groups)
      print "made " (base + uid) " " base " " name
      if (disk) print "disk " disk " " name
    }
  '
}

# A file system of its own for each that may not write more than so much: a file, in which the folders of its changes are.
make_disks() {
  for pair in $disks; do
    folder=$staging/${pair#*:}
    truncate -s "${pair%%:*}" "$folder/disk" && chmod 600 "$folder/disk" &&
      mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0 -d "$folder/overlay" "$folder/disk" &&
      rm -rf "$folder/overlay" && mkdir "$folder/overlay" || return
  done
}

# Gives what was built its owners and, last, its name.
settle() {
  made='' launchers='' shifted='' roots='' disks=''
  while read -r word first rest; do
    case $word in
    volume) [ -d "$rest" ] || { mkdir -p "$rest" && chown "$first:$first" "$rest"; } || return ;;
    disk) disks="$disks $first:$rest" ;;
    grouped)
      chmod 755 "$staging/$first/stratos/as-user" && lend "$first" setpriv setpriv && lend "$first" busybox busybox || return
      ;;
    made)
      base=${rest% *} folder=$staging/${rest#* }
      made="$made $folder"
      launchers="$launchers $folder/stratos/init"
      [ "$base" = 0 ] || roots=$base shifted="$shifted $folder/overlay/delta $folder/overlay/work $folder/stratos/output"
      if [ "$first" != "$base" ]; then
        chown "$first:$first" "$folder/stratos/init" || return
      elif [ "$base" != 0 ]; then
        shifted="$shifted $folder/stratos/init"
      fi
      ;;
    esac
  done <<REPORT
$report
REPORT
  [ -n "$made" ] || return 0
  # shellcheck disable=SC2086 # paths without spaces
  wired=''
  for folder in $made; do [ ! -e "$folder/egress" ] || wired=yes; done
  # shellcheck disable=SC2086 # paths without spaces
  chmod 500 $launchers && { [ -z "$shifted" ] || chown "$roots:$roots" $shifted; } && make_disks && mv -t "$processes" $made || return
  # Before it runs, where it may not connect to everything.
  [ -z "$wired" ] || "$tools/network-up"
}

report=$(build 2>&1) && trouble=$(settle 2>&1)
built=$?
refused=' '
while read -r word name reason; do
  [ "$word" = fail ] || continue
  fail "$name" "$reason"
  refused="$refused$name "
done <<REPORT
$report
REPORT
if [ "$built" != 0 ]; then
  case $report${trouble-} in
  *'No space left'*) reason='no space left on the disk of the VM' ;;
  *) reason="it cannot be made: $(printf '%s\n' "$report${trouble-}" | tail -n 1 | tr -d '"\\[:cntrl:]')" ;;
  esac
  for name in $wanted; do
    [ -e "$processes/$name" ] || case $refused in *" $name "*) ;; *) fail "$name" "$reason" ;; esac
  done
fi
rm -rf "$staging"
exit "$status"
