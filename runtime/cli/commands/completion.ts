/** `perdure completion`: the script that teaches a shell our commands. */
import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { taught } from '../teaching.js'

/** Reads all commands that are there: call it last. */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
  const command = program.commands.find(one => one.name() === 'completion')!
  command.summary('commands and options for your shell to complete')
  taught(command, [
    'completion zsh > ~/.perdure.zsh && echo source ~/.perdure.zsh >> ~/.zshrc',
    'completion fish | source',
  ])
}
