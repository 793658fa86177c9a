import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Setting, SettingValue } from '~/api/settings'
import { declared } from '~/words/declared'
import { t } from '~/words/language'
import { isSetting, optionName, settingName } from '~/words/settingNames'
import styles from './Settings.module.css'

/** A share is said in per cent to people, and as a part of one to machines. */
const SHARES = new Set(['global_holdout'])
const CLOCK: Record<string, string> = { quiet_from: '21:00', quiet_until: '08:00' }

interface Props {
  setting: Setting
  value: SettingValue
  /** Null where the reader may not. */
  set: ((value: SettingValue | null) => void) | null
  error: string | undefined
}

/** One setting, drawn by what it declares itself to be. */
export function SettingField({ setting, value, set, error }: Props) {
  const still = setting.fixed !== null || set === null
  return (
    <div className={styles.setting}>
      <Control setting={setting} value={value} change={(next) => set?.(next)} disabled={still} error={error} />
      {setting.fixed !== null && <p className={styles.fixed}>{t('Set by {{where}} on the server: it is changed there, by whoever runs it.', { where: setting.fixed })}</p>}
      {setting.fixed === null && !setting.live && <p className={styles.fixed}>{setting.waits ? t('This holds after the next start of the server.') : t('A change holds after the next start of the server.')}</p>}
      {!still && setting.chosen && value !== setting.default && (
        <div>
          <Button variant="subtle" onClick={() => set?.(null)}>
            {t('Back to the default')}<span className="unseen"> {settingName(setting.name)}</span>
          </Button>
        </div>
      )}
    </div>
  )
}

function Control({ setting, value, change, disabled, error }: { setting: Setting; value: SettingValue; change: (value: SettingValue) => void; disabled: boolean; error: string | undefined }): ReactNode {
  const short = setting.kind === 'whole' || setting.kind === 'number' || setting.kind === 'choice' || setting.name in CLOCK
  const shared = { classNames: { description: styles.help!, ...(short ? { wrapper: styles.short! } : {}) }, label: settingName(setting.name), description: saysItself(setting) ? undefined : <Help text={declared(setting.help)} />, disabled, error }
  switch (setting.kind) {
    case 'choice':
      return <Select {...shared} data={setting.options.map((each) => ({ value: each, label: optionName(setting.name, each) }))} value={String(value)} onChange={(next) => next !== null && change(next)} />
    case 'truth':
      return <Switch {...shared} classNames={{ description: styles.help! }} checked={value === true} onChange={(event) => change(event.currentTarget.checked)} />
    case 'whole':
    case 'number': {
      const share = SHARES.has(setting.name)
      const scale = share ? 100 : 1
      return (
        <NumberInput
          {...shared}
          value={Math.round(Number(value) * scale * 1e6) / 1e6}
          allowDecimal={setting.kind === 'number'}
          {...(setting.least === null ? {} : { min: setting.least * scale })}
          {...(setting.most === null ? {} : { max: setting.most * scale })}
          suffix={share ? ' %' : setting.unit ? ` ${declared(setting.unit)}` : ''}
          onChange={(next) => typeof next === 'number' && change(next / scale)}
        />
      )
    }
    case 'text':
      return <TextInput {...shared} placeholder={CLOCK[setting.name]} value={String(value)} onChange={(event) => change(event.currentTarget.value)} />
  }
}

/** Whose help is about its options, by the names machines have for them: here they are called by what they do. */
const saysItself = ({ options, help }: Setting) => options.length > 0 && options.every((each) => help.includes(`\`${each}\``))

/** What the declaration says, whose `examples` are marked as in the reference, and other settings called as they are here. */
function Help({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 0 ? part : isSetting(part) ? `“${settingName(part)}”` : <code key={i}>{part}</code>))}</>
}
