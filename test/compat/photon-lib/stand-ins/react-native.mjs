export const Platform = { OS: 'ios' }

/** The bus between native code and JavaScript; no other phone ever changes this cloud behind our back. */
export class NativeEventEmitter {
  addListener() {
    return { remove() {} }
  }
}
