# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that Windows shows in the language of its user interface.

Firm: the Japanese captions and states of Msvm_ComputerSystem are recorded traffic, and that an integration service's name differs by
language while its GUID does not. The other translations follow Microsoft's localised Hyper-V consoles and may differ in detail: no
client may depend on any of them.
"""

from __future__ import annotations

_TEXTS: dict[str, dict[str, str]] = {
    "de-DE": {
        "Hosting Computer System": "Hostcomputersystem",
        "Microsoft Hosting Computer System": "Microsoft-Hostcomputersystem",
        "Virtual Machine": "Virtueller Computer",
        "Operating normally": "Normaler Betrieb",
        "Virtual Machine Settings": "Einstellungen für virtuellen Computer",
        "Key-Value Pair Exchange": "Austausch von Schlüsselwertepaaren",
        "Heartbeat": "Takt",
        "Shutdown": "Herunterfahren",
        "Time Synchronization": "Zeitsynchronisierung",
        "VSS": "VSS",
        "Guest Service Interface": "Gastdienstschnittstelle",
        "No Contact": "Kein Kontakt",
        "Lost Communication": "Verbindung unterbrochen",
        "Information": "Informationen",
        "Error": "Fehler",
        "Warning": "Warnung",
        "Changing State": "Status wird geändert",
        "Modifying Settings": "Einstellungen werden geändert",
        "Microsoft Hyper-V Activation Component": "Microsoft Hyper-V-Aktivierungskomponente",
        "Software Protection": "Software Protection",
        "Hyper-V Virtual Machine Management": "Hyper-V-Verwaltung für virtuelle Computer",
        "Hyper-V Data Exchange Service": "Hyper-V-Datenaustauschdienst",
        "Windows Remote Management (WS-Management)": "Windows-Remoteverwaltung (WS-Verwaltung)",
    },
    "ja-JP": {
        "Hosting Computer System": "ホスト コンピューター システム",
        "Microsoft Hosting Computer System": "Microsoft ホスト コンピューター システム",
        "Virtual Machine": "仮想マシン",
        "Operating normally": "正常稼働中",
        "Virtual Machine Settings": "仮想マシンの設定",
        "Key-Value Pair Exchange": "キー値ペア交換",
        "Heartbeat": "ハートビート",
        "Shutdown": "シャットダウン",
        "Time Synchronization": "時刻の同期",
        "Guest Service Interface": "ゲスト サービス インターフェイス",
        "No Contact": "通信なし",
        "Lost Communication": "通信の切断",
        "Information": "情報",
        "Error": "エラー",
        "Warning": "警告",
        "Changing State": "状態の変更",
        "Modifying Settings": "設定の変更",
        "Microsoft Hyper-V Activation Component": "Microsoft Hyper-V アクティブ化コンポーネント",
    },
    "ru-RU": {
        "Hosting Computer System": "Система главного компьютера",
        "Microsoft Hosting Computer System": "Система главного компьютера Майкрософт",
        "Virtual Machine": "Виртуальная машина",
        "Operating normally": "Работает нормально",
        "Virtual Machine Settings": "Параметры виртуальной машины",
        "Key-Value Pair Exchange": "Обмен данными пар «ключ-значение»",
        "Heartbeat": "Пульс",
        "Shutdown": "Завершение работы",
        "Time Synchronization": "Синхронизация времени",
        "Guest Service Interface": "Интерфейс гостевой службы",
        "No Contact": "Нет связи",
        "Lost Communication": "Связь потеряна",
        "Information": "Информация",
        "Error": "Ошибка",
        "Warning": "Предупреждение",
        "Changing State": "Изменение состояния",
        "Modifying Settings": "Изменение параметров",
        "Microsoft Hyper-V Activation Component": "Компонент активации Hyper-V (Майкрософт)",
    },
}


def localised(text: str, language: str) -> str:
    """``text`` as a Windows of that language shows it, English where there is no translation."""
    return _TEXTS.get(language, {}).get(text, text)
