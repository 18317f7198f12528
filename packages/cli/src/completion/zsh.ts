import type { CommandFacts } from "../command-facts.ts";
import { posixTables } from "./posix-tables.ts";

/** Completion for zsh; to be sourced behind compinit, or saved as `_sallyport` in a directory of $fpath. */
export function zshCompletion(commands: readonly CommandFacts[]): string {
  return `#compdef sallyport
# Completion of sallyport for zsh: source <(sallyport completion zsh), behind compinit
${posixTables(commands, { briefs: true })}
_sallyport() {
  local path_here="" at=2 values kind
  local -a known candidates
  while (( at < CURRENT )); do
    known=("\${(@f)$(_sallyport_commands "$path_here")}")
    if (( \${known[(I)\${(b)words[at]}:*]} == 0 )); then break; fi
    path_here="\${path_here:+$path_here }\${words[at]}"
    (( at++ ))
  done
  values="$(_sallyport_values "$path_here" "\${words[CURRENT-1]}")"
  if [[ -z "$values" ]]; then
    if [[ "\${words[CURRENT]}" == -* ]]; then
      candidates=("\${(@f)$(_sallyport_flags "$path_here")}")
      _describe -o flag candidates
      return
    fi
    if (( at == CURRENT )); then
      values="$(_sallyport_commands "$path_here")"
      if [[ -n "$values" ]]; then
        candidates=("\${(@f)values}")
        _describe command candidates
        return
      fi
    fi
    values="$(_sallyport_words "$path_here")"
  fi
  case "$values" in
    @nothing|"") return 1 ;;
    @files) _files ;;
    @directories) _files -/ ;;
    *) candidates=("\${(@f)values}"); compadd -a candidates ;;
  esac
}
if (( \${+functions[compdef]} )); then compdef _sallyport sallyport; fi
`;
}
