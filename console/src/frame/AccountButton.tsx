import { Tooltip } from '@mantine/core'
import type { ComponentProps } from 'react'
import type { Session } from '~/api/types'
import { PersonMark } from '~/parts/PersonMark'
import { t } from '~/words/language'
import { roleName } from '~/words/roles'
import styles from './Navigation.module.css'

interface Props extends ComponentProps<'button'> {
  session: Session
  rail: boolean
}

/** Who the reader is here, at the foot of the navigation; what is theirs is in the menu it opens. */
export function AccountButton({ session: { account, demo, workspace }, rail, ...button }: Props) {
  const place = workspace?.name ?? t('Workspace')
  const name = account?.email ? account.name || account.email : place
  return (
    <Tooltip label={name} position="right" disabled={!rail}>
      <button type="button" {...button} className={styles.account}>
        <PersonMark name={name} size={22} />
        <span className={`${styles.word} ${styles.names}`}>
          <span className="cut">{name}</span>
          <span className="cut">{account?.email ? t('{{role}}, {{workspace}}', { role: roleName(account.role), workspace: place }) : demo ? t('Open console') : t('Signed in with an API key')}</span>
        </span>
      </button>
    </Tooltip>
  )
}
