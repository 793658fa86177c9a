import { useMediaQuery } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useMatches } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { followEverything } from '~/api/feed'
import type { Session } from '~/api/types'
import { t } from '~/words/language'
import styles from './Frame.module.css'
import { Navigation } from './Navigation'
import { Permitted } from './Permitted'

/** Navigation beside one sheet of paper. The canvas asks for the narrow rail; so does a narrow window. */
export function Frame({ session }: { session: Session }) {
  const client = useQueryClient()
  useEffect(() => followEverything(client), [client])
  const canvas = useMatches().some((match) => match.staticData.canvas === true)
  const narrow = useMediaQuery('(max-width: 1240px)') ?? false
  const sheet = useRef<HTMLElement>(null)
  return (
    <div className={styles.frame} data-rail={canvas || undefined}>
      <a
        className={styles.skip}
        href="#page"
        onClick={(click) => {
          click.preventDefault()
          sheet.current?.focus()
        }}
      >
        {t('Skip to the page')}
      </a>
      <Navigation rail={canvas || narrow} session={session} />
      <main className={styles.sheet} id="page" ref={sheet} tabIndex={-1}>
        <Permitted>
          <Outlet />
        </Permitted>
      </main>
    </div>
  )
}
