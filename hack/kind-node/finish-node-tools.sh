#!/bin/sh
# Finishes the root file system in folder $1, whose packages were unpacked but not installed: names that an installation
# would have made.
set -eu
root=$1

for family in iptables ip6tables; do
  for end in '' -save -restore; do
    ln -sf xtables-nft-multi "$root/usr/sbin/$family$end"
  done
done
ln -sf /bin/kmod "$root/sbin/modprobe"

# busybox does what no package brought a program for, a shell first of all
for name in $(chroot "$root" /bin/busybox --list); do
  for folder in bin sbin usr/bin usr/sbin; do
    [ ! -e "$root/$folder/$name" ] || continue 2
  done
  ln -s busybox "$root/bin/$name"
done
