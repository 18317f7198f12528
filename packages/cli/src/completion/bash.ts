import type { CommandFacts } from "../command-facts.ts";
import { posixTables } from "./posix-tables.ts";

/** Completion for bash 3.2 and later. */
export function bashCompletion(commands: readonly CommandFacts[]): string {
  return `# Completion of sallyport for bash: eval "$(sallyport completion bash)"
${posixTables(commands, { briefs: false })}
_sallyport() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" at=1 candidates IFS=$'\\n'
  while [ "$at" -lt "$COMP_CWORD" ]; do
    case $'\\n'"$(_sallyport_commands "$path")"$'\\n' in
      *$'\\n'"\${COMP_WORDS[at]}"$'\\n'*) path="\${path:+$path }\${COMP_WORDS[at]}" ;;
      *) break ;;
    esac
    at=$((at + 1))
  done
  COMPREPLY=()
  candidates="$(_sallyport_values "$path" "$previous")"
  if [ -z "$candidates" ]; then
    case "$current" in
      -*) candidates="$(_sallyport_flags "$path")" ;;
      *)
        if [ "$at" -eq "$COMP_CWORD" ]; then candidates="$(_sallyport_commands "$path")"; fi
        if [ -z "$candidates" ]; then candidates="$(_sallyport_words "$path")"; fi ;;
    esac
  fi
  case "$candidates" in
    @nothing) ;;
    @files)
      type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current")) ;;
    @directories)
      type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -d -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$candidates" -- "$current")) ;;
  esac
}
complete -F _sallyport sallyport
`;
}
