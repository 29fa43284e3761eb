# Completes the words of pyipvsadm-save in bash.                                      -*- shell-script -*-

complete -W -n pyipvsadm-save
