#!/bin/bash
# A machine for test/operating/: its own files under /etc, /opt, /var/lib, /var/log and /run, its own network and processes; nothing of it is left.
set -eu
# Lock files of other tests' useradd come and go meanwhile.
cp -a /etc "$SCRATCH/etc" || [ -s "$SCRATCH/etc/shadow" ]
rm -f "$SCRATCH"/etc/*.lock
mount --bind "$SCRATCH/etc" /etc
for folder in /opt /srv /var/lib /var/log /var/backups /run /usr/local/sbin; do mount -t tmpfs -o mode=0755 tmpfs "$folder"; done
install -m 0755 "$REPOSITORY/test/support/machine/systemctl" "$REPOSITORY/test/support/machine/npm" /usr/local/sbin/
ip link set lo up
echo '127.0.0.1 panel.example.com' >>/etc/hosts
git config --system --add safe.directory '*'

# What Debian's packages of a web server and a database would have made.
mkdir -p /var/lib/nginx /var/log/nginx /etc/nginx/sites-available /etc/nginx/sites-enabled /etc/ssl/panel.example.com
rm -f /etc/nginx/sites-enabled/*
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=panel.example.com -addext subjectAltName=DNS:panel.example.com \
  -keyout /etc/ssl/panel.example.com/privkey.pem -out /etc/ssl/panel.example.com/fullchain.pem 2>/dev/null
[ -z "${PLAIN:-}" ] || { echo ready; while true; do sleep 3600 & wait $!; done; }
install -d -o postgres -g postgres /var/lib/postgresql /run/postgresql
binaries=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
postgres() { (cd /var/lib/postgresql && runuser -u postgres -- "$@" >/dev/null); }
postgres "$binaries/initdb" --no-sync --auth-local=peer --auth-host=scram-sha-256 /var/lib/postgresql/data
postgres "$binaries/pg_ctl" start --wait --pgdata /var/lib/postgresql/data --log /var/lib/postgresql/log -o '-c fsync=off -k /run/postgresql'
echo ready
# As the first process it takes in those whose parent has ended.
while true; do
  sleep 3600 &
  wait $!
done
