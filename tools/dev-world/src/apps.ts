export interface App {
  readonly name: string
  /** The usual port; another is taken when it is busy. */
  readonly port: number
  /** Started with Node; relative to the checkout. */
  readonly main: string
}

const app = (name: string, port: number): App => ({ name, port, main: `apps/${name}/src/main.ts` })

/** What `npm start` runs. */
export const apps: readonly App[] = [app('key-server', 4100)]
