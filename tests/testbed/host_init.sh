#!/bin/bash
# The first process of a host of the testbed, in namespaces of its own: gives it a file system, a name and an sshd, and
# reaps what dies in it. Speaks with testbed.py: reads "go" when the network is there, says "up" when sshd listens.
#
# usage: host_init.sh NAME ADDRESS FOLDER DISK HIDDEN...      HIDDEN: what of the machine's files the host does not have
set -euo pipefail
name=$1 address=$2 folder=$3 disk=$4
shift 4

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs -o "size=$disk,mode=755" "$name" "$folder/disk"
cd "$folder/disk"
mkdir -m 755 upper work root run
mkdir -m 1777 tmp
mkdir -m 700 home
mkdir empty
# What the host changes goes to its disk; the machine's own files are never written.
mount -t overlay "$name" -o lowerdir=/,upperdir=upper,workdir=work root
cp -r "$folder/etc" run/testbed
mount --bind run root/run
mount --bind tmp root/tmp
mount --bind home root/root
mount -t proc proc root/proc
mount --rbind /dev root/dev
for each in "$@"; do
  if [ -d "root$each" ]; then
    mount --bind empty "root$each"
  else
    rm -f "root$each"
  fi
done
cd root
pivot_root . .
umount -l .
cd /
hostname "$name"

read -r _
ip link set lo up
ip addr add "$address/24" dev eth0
ip link set eth0 up
mkdir -p /run/sshd
chmod 600 /run/testbed/*
/usr/sbin/sshd -f /run/testbed/sshd_config -E /run/sshd.log
echo up
while :; do
  wait -n 2>/dev/null || sleep 1
done
