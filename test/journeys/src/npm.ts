import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from './state.ts'

/** What `npm run` in the home of a state runs under that name. */
export function writeScript({ home }: State, name: string, words: readonly string[]): void {
  const manifest = { private: true, scripts: { [name]: words.map((word) => `"${word}"`).join(' ') } }
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest))
}

/** npm asks nobody, and leaves nothing outside. */
export const npmEnvironment = ({ home }: State) => ({
  npm_config_cache: join(home, 'npm'),
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
})
