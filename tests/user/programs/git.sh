#!/bin/bash
# SPDX-License-Identifier: MIT
export HOME=$PWD GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
git config --global user.name Someone; git config --global user.email someone@example.com; git config --global init.defaultBranch main
git init -q repo && cd repo
seq 1 500 >numbers; mkdir sub; echo text >sub/file; ln -s numbers link
git add -A && git commit -q -m 'first commit' && git log --format='%H %s'
sed -i 's/^250$/two hundred and fifty/' numbers; git diff --stat; git commit -q -a -m second
git checkout -q -b side HEAD~1; echo other >sub/other; git add .; git commit -q -m side; git checkout -q main; git merge -q -m merged side; git log --oneline --graph --format='%h %s'
git mv sub/file sub/renamed; git commit -q -m rename; git show --stat --format=%h -M HEAD; git tag -a v1 -m tagged; git describe
git gc -q --aggressive; git fsck --full --strict 2>&1; git count-objects -v | grep -E 'in-pack|packs'
cd ..; git clone -q repo copy && git -C copy log --format=%H | wc -l; git clone -q --bare "file://$PWD/repo" bare.git; git -C copy remote set-url origin "file://$PWD/bare.git"
echo more >>copy/numbers; git -C copy commit -q -a -m pushed; git -C copy push -q origin main && git -C bare.git log -1 --format=%s
git -C repo rebase -q --root 2>&1; git -C repo bisect start -q HEAD HEAD~1 >/dev/null 2>&1; git -C repo bisect reset -q 2>/dev/null; git -C repo stash list; git -C repo blame -s numbers | sed -n 250p; git -C repo archive HEAD | tar t | LC_ALL=C sort | tr '\n' ' '; echo
printf '#!/bin/sh\necho hook ran; exit 1\n' >repo/.git/hooks/pre-commit; chmod +x repo/.git/hooks/pre-commit; git -C repo commit -q --allow-empty -m no 2>&1; echo "hook $?"
git hash-object repo/numbers; git -C repo grep -n hundred; git -C repo ls-tree -r HEAD; git -C repo format-patch -1 --stdout | grep -c .
