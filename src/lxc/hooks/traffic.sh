#!/bin/sh
# Prints what limits traffic on this VM, a line each, without what the kernel counts: `qdisc tbf dev D root rate …`, `qdisc ingress dev D …`,
# and `redirect dev DETOUR` for what is led through a device of its own. Two readings of one state are the same lines: process-shape
# keeps those of a process when it has made them, and the observation tells by them whether they are still there.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
tc qdisc show | awk '
  $2 == "tbf" || $2 == "ingress" {
    sub(" " $3 " ", " ")
    sub(/ refcnt [0-9]+/, "")
    sub(/ +$/, "")
    print
  }
  $2 == "ingress" { print "filter show dev " $4 " parent ffff:" | "tc -force -batch - 2>/dev/null | sed -n \"s/.*Egress Redirect to device \\([^)]*\\)).*/redirect dev \\1/p\"" }
'
