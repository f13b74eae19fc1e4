/// <reference types="vite/client" />
declare module '*.vue' {
  import { DefineComponent } from 'vue'
  const component: DefineComponent<object, object, unknown>
  export default component
}

interface ImportMetaEnv {
  /** Address of the server for the mini-program, e.g. https://example.gov.cn; the H5 app uses its own origin. */
  readonly VITE_API_BASE?: string
}
