#!/bin/bash
# The first process of a host of the testbed, in namespaces of its own: gives it a file system, a name and an sshd, and
# reaps what dies in it. Speaks with testbed.py: reads "go" when the network is there, says "up" when sshd listens.
#
# usage: host_init.sh NAME ADDRESSES SECOND FOLDER DISK HIDDEN...
# ADDRESSES: of eth0; SECOND: of eth1; HIDDEN: what of the machine's files the host does not have
set -euo pipefail
name=$1 addresses=$2 second=$3 folder=$4 disk=$5
shift 5

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
shared=$(dirname "$folder")/shared
if [ -d "$shared" ]; then
  mkdir -p "root$shared"
  mount --bind "$shared" "root$shared"
fi
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
for each in $addresses; do
  case $each in
    *:*) ip addr add "$each" dev eth0 nodad ;;
    *) ip addr add "$each" dev eth0 ;;
  esac
done
ip addr add "$second" dev eth1
ip link set eth0 up
ip link set eth1 up
mkdir -p /run/sshd
chmod 600 /run/testbed/*
/usr/sbin/sshd -f /run/testbed/sshd_config -E /run/sshd.log
echo up
while :; do
  wait -n 2>/dev/null || sleep 1
done 2>/dev/null
