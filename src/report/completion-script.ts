/** Completion scripts. Each asks `stratos __complete` with the words so far; it answers with `word<TAB>what it is` lines. */

export type Shell = 'bash' | 'zsh' | 'fish';

const BASH = `# stratos completion for bash
_stratos() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("\${line%%$'\\t'*}")
    done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    [[ \${#COMPREPLY[@]} -gt 0 ]] || compopt -o default 2>/dev/null
}
complete -F _stratos stratos
`;

const ZSH = `#compdef stratos
# stratos completion for zsh
_stratos() {
    local line
    local -a found
    while IFS= read -r line; do
        found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( \${#found} )); then _describe stratos found; else _files; fi
}
if [ "$funcstack[1]" = _stratos ]; then _stratos "$@"; else compdef _stratos stratos; fi
`;

const FISH = `# stratos completion for fish
function __stratos_complete
    set -l words (commandline -opc)
    $words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c stratos -f -a '(__stratos_complete)'
complete -c stratos -n 'string match -q -- "*/*" (commandline -ct)' -F
`;

/** One script for each shell. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
