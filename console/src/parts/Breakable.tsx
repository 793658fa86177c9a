import { Fragment } from 'react'
import styles from './Breakable.module.css'

const ADDRESS = /^[^\s@]+@[^\s@]+$/

/** A text for a narrow place. An address that is too long for a line breaks before its @, and a half that still is before a dot, never within a word. */
export function Breakable({ children: text }: { children: string }) {
  if (!ADDRESS.test(text)) return text
  const at = text.indexOf('@')
  return (
    <>
      <Half>{text.slice(0, at)}</Half>
      <wbr />
      <Half>{text.slice(at)}</Half>
    </>
  )
}

/** In one piece where it has room on a line of its own. */
function Half({ children: text }: { children: string }) {
  return (
    <span className={styles.half}>
      {text.split(/(?=\.)/).map((piece, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {piece}
        </Fragment>
      ))}
    </span>
  )
}
