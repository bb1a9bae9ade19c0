import { startApp, type TestApp } from '@strongroom/test-world'

/** Our app as the target. Creating keys is not under attack here, so nobody waits for its limits. */
export const startKeyServer = ({ processes = 1 } = {}): Promise<TestApp> =>
  startApp({
    app: 'key-server',
    processes,
    settings: { CREATIONS_PER_ADDRESS: '1000000', CREATIONS_IN_ALL: '1000000', LOG_LEVEL: 'debug' },
  })

export const baseUrlOf = ({ baseUrls: [first] }: { baseUrls: readonly string[] }): string => {
  if (first === undefined) throw new Error('No process is listening.')
  return first
}
