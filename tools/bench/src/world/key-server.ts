import { type AppServer, type AppWish, type Provisioned, provisionApp, startServer } from './app.ts'

export type KeyServerWish = Pick<AppWish, 'superuserUrl' | 'module' | 'nodeArguments'>
export type KeyServer = AppServer

const asApp = (wish: KeyServerWish): AppWish => ({
  ...wish,
  app: 'key-server',
  recovery: 'token',
  settings: { CREATIONS_PER_ADDRESS: '1000000', CREATIONS_IN_ALL: '1000000' },
})

export const startKeyServer = (wish: KeyServerWish): Promise<KeyServer> => startServer(asApp(wish))

export const provisionKeyServer = (wish: KeyServerWish): Promise<Provisioned> => provisionApp(asApp(wish))
