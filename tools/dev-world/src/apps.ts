export interface App {
  readonly name: string
  /** The usual port; another is taken when it is busy. */
  readonly port: number
  /** Started with Node; relative to the checkout. */
  readonly main: string
  /** Whether it encrypts copies of keys to a second token. */
  readonly recovery?: 'second-token'
}

const app = (name: string, port: number, more: Pick<App, 'recovery'> = {}): App => ({
  ...more,
  name,
  port,
  main: `apps/${name}/src/main.ts`,
})

/** What `npm start` runs. */
export const apps: readonly App[] = [app('key-server', 4100, { recovery: 'second-token' })]
