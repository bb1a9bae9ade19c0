export { addVirtualAuthenticator, type AuthenticatorWish, type VirtualAuthenticator } from './virtual-authenticator.ts'
export { type OpenPage, openBrowser, type TestBrowser } from './open-browser.ts'
export { type PageWish, servePage, type ServedPage } from './serve-page.ts'
