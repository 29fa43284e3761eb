# Completes the words of pyipvsadm-save in fish.

complete -c pyipvsadm-save -f -s n -d 'show addresses and ports as numbers'
