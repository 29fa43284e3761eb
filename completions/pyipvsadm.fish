# Completes the words of pyipvsadm in fish. It knows itself what fits: pyipvsadm/help/complete_command.py says how it answers.

function __pyipvsadm_offers
    set -l words (commandline -opc)
    set -l program (string replace -r '^~' -- $HOME $words[1])
    set -e words[1]
    set -l current (commandline -ct)
    set -l plain (string unescape -- "$current"; or echo -- "$current")
    set -l lines (command $program __complete $words "$plain" 2>/dev/null)
    set -l head (string split ' ' -- $lines[1])
    set -e lines[1]
    switch "$head[1]"
        case words
            printf '%s\n' $lines
        case files directories
            set -l option (string match -r -- '^--[^=]*=' $current)
            set -l path (string replace -- "$option" '' $current)
            if test $head[1] = files
                __fish_complete_path "$path" | string replace -r '^' -- "$option"
            else
                __fish_complete_directories "$path" | string replace -r '^' -- "$option"
            end
        case command
            set -l behind
            test $head[2] -ge (count $words); or set behind (string escape -- $words[(math $head[2] + 1)..])
            complete -C "$behind $current"
    end
end

complete -c pyipvsadm -f -k -a '(__pyipvsadm_offers)'
