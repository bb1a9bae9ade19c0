import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from './state.ts'

/** What `npm run` in the home of a state runs, by name. */
export function writeScripts({ home }: State, scripts: Readonly<Record<string, readonly string[]>>): void {
  const quoted = Object.entries(scripts).map(([name, words]) => [name, words.map((word) => `"${word}"`).join(' ')])
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, scripts: Object.fromEntries(quoted) }))
}

/** npm asks nobody, and leaves nothing outside. */
export const npmEnvironment = ({ home }: State) => ({
  npm_config_cache: join(home, 'npm'),
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
})
