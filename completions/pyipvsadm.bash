# Completes the words of pyipvsadm in bash, with bash-completion.                     -*- shell-script -*-
#
# pyipvsadm itself knows what fits: pyipvsadm/help/complete_command.py says how it answers.

_pyipvsadm() {
    local cur prev words cword
    _init_completion -n =: || return

    local -a asked=("${words[@]:1:cword-1}" "$cur")
    asked=("${asked[@]//[\"\'\\]/}")
    local kind start word rest
    {
        read -r kind start
        while IFS=$'\t' read -r word rest; do
            COMPREPLY+=("$word")
        done
    } < <("${words[0]/#\~/$HOME}" __complete "${asked[@]}" 2>/dev/null)

    case $kind in
        words)
            compopt -o nosort
            # readline replaces what stands behind the last of its breaks
            local breaks=${COMP_WORDBREAKS//[^=:]/}
            [[ ! $breaks ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*["$breaks"]}"}"}")
            ;;
        files | directories)
            [[ $cur != --*=* ]] || cur=${cur#*=}
            if [[ $kind == files ]]; then _filedir; else _filedir -d; fi
            ;;
        command)
            # bash parts words at = and :, too, and counts the parts
            local part=0 index joined
            for ((index = 0; index <= start; index++)); do
                joined=
                while [[ $joined != "${words[index]}" ]]; do
                    joined+=${COMP_WORDS[part++]}
                done
            done
            _command_offset "$part"
            ;;
    esac
}

complete -F _pyipvsadm pyipvsadm
