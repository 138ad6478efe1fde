/** What a shell reads to complete our commands: each asks `dynabase complete` at every TAB. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** The line that stands for "names of files", which a shell knows best. */
export const FILES_LINE = ':files';

const BASH = `# Completion of dynabase for bash. In ~/.bashrc: source <(dynabase completion bash)
_dynabase() {
  local line current="\${COMP_WORDS[COMP_CWORD]}"
  local -a lines
  COMPREPLY=()
  mapfile -t lines < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ "\${lines[0]}" == "${FILES_LINE}" ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  for line in "\${lines[@]}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done
}
complete -F _dynabase dynabase
`;

const ZSH = `#compdef dynabase
# Completion of dynabase for zsh. In ~/.zshrc, after compinit: source <(dynabase completion zsh)
_dynabase() {
  local line
  local -a lines offered
  lines=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[1]}" == "${FILES_LINE}" ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    [[ -n "$line" ]] && offered+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe 'dynabase' offered
}
compdef _dynabase dynabase
`;

const FISH = `# Completion of dynabase for fish: dynabase completion fish > ~/.config/fish/completions/dynabase.fish
function __dynabase_complete
  set -l before (commandline -opc)
  set -l lines ($before[1] complete -- $before[2..-1] (commandline -ct) 2>/dev/null)
  if test "$lines[1]" = '${FILES_LINE}'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines
  end
end
complete -c dynabase -f -a '(__dynabase_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
