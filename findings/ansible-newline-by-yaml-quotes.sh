#!/usr/bin/env bash
# ansible-core 2.19.14 with Jinja2 3.1.6.
#
# What '\n' is in a Jinja expression depends, in Ansible, on how the YAML around it is quoted. Jinja reads the two
# characters \n in a string literal as a newline. Ansible doubles backslashes before Jinja sees them: in plain, folded (>-)
# and single-quoted YAML the literal stays two characters, and only in double quotes, where YAML itself makes the newline,
# is it one. So split('\n') moved from a quoted line into a folded one splits nothing, and says nothing.
#
# Seen (how many lines split finds in "one", newline, "two"):
#   Jinja2 alone               2
#   Ansible, double quotes     2
#   Ansible, single quotes     1
#   Ansible, plain             1
#   Ansible, folded            1
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ansible-core==2.19.14 jinja2==3.1.6
cat >split.yml <<'END'
- hosts: localhost
  gather_facts: false
  vars:
    text: "one\ntwo"
  tasks:
    - {ansible.builtin.debug: {msg: "double quotes: {{ text | split('\n') | length }}"}}
    - {ansible.builtin.debug: {msg: 'single quotes: {{ text | split("\n") | length }}'}}
    - ansible.builtin.debug:
        msg: plain -- {{ text | split('\n') | length }}
    - ansible.builtin.debug:
        msg: >-
          folded: {{ text | split('\n') | length }}
END
{
  venv/bin/python - <<'END'
import jinja2
lines = jinja2.Environment().from_string(r"{{ text.split('\n') | length }}").render(text="one\ntwo")
print("%-26s %s" % ("Jinja2 alone", lines))
END
  ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false LC_ALL=C.UTF-8 \
    venv/bin/ansible-playbook -i localhost, -c local split.yml |
    sed -nE 's/.*"msg": "([a-z ]+)(:| --) ([0-9]+)".*/Ansible, \1|\3/p' |
    while IFS='|' read -r how lines; do printf '%-26s %s\n' "$how" "$lines"; done
} | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
