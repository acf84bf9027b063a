"""Profiles, and searches with what each should find: by how much is written by hand, before anything was ranked.

A grade is 3 where a profile is just what is looked for, 2 where it serves it well, 1 where it touches it; all others
are 0. Searches are written as people write them: single words, several, sentences, parts of words, other forms of a
word, other languages, with and without accents.
"""

from typing import NamedTuple

from shared.domain.programme.directory import Entry, Place


class Judged(NamedTuple):
    """A search and the grades of what it should find, by the number of the profile."""

    text: str
    grades: dict[int, int]


def _entry(number: int, name: str, keywords: str, description: str, country: str, competencies: str = "") -> Entry:
    return Entry(
        f"p{number:02}",
        name,
        description,
        tuple(one.strip() for one in keywords.split(",") if one.strip()),
        places=(Place("Office", country),),
        competencies=tuple(one.strip() for one in competencies.split(",") if one.strip()),
    )


_WRITTEN = (
    ("Contoso CRM", "crm, sales, customer service", "Customer relationship management for wholesale and services. We introduce CRM, move data from spreadsheets and train your sales people.", "SE", "CRM"),
    ("Fabrikam Payroll", "payroll, hr", "Payroll and time recording for companies of 10 to 250 employees, with reports for the tax office.", "GB"),
    ("Northwind Retail Systems", "point of sale, retail, stock", "Tills, stock and online shops in one system for retailers with several stores. Interfaces to accounting and CRM.", "DE", "Retail"),
    ("Adventure Works Manufacturing", "erp, production planning, mes", "ERP for discrete manufacturing: bills of materials, production planning, machine data. Microsoft Dynamics since 1998.", "US", "ERP, Manufacturing"),
    ("Tailspin Logistics", "logistics, warehouse, transport", "Warehouse management and route planning for carriers and freight forwarders.", "NL", "Supply chain"),
    ("Wide World Importers Trade Software", "customs, import, export", "Customs declarations and trade compliance software for importers and exporters.", "GB"),
    ("Litware Cloud", "azure, cloud migration, kubernetes", "We move servers to the cloud and run them: Azure landing zones, Kubernetes, backup and monitoring.", "US", "Cloud"),
    ("Proseware Security", "security, siem, penetration test", "Cybersecurity for mid-sized companies: penetration tests, monitoring around the clock, response to incidents.", "DE", "Security"),
    ("Trey Research Analytics", "power bi, data warehouse, analytics", "Dashboards and data warehouses. We turn what is in your ERP and CRM into reports that people read.", "IT", "Analytics"),
    ("Woodgrove Finance Software", "accounting, invoicing, banking", "Accounting, invoicing and electronic banking for tax advisers and their clients.", "US"),
    ("Fourth Coffee Hospitality", "restaurant, point of sale, booking", "Tills, table booking and staff planning for restaurants, cafés and hotels.", "IT", "Hospitality"),
    ("Alpine Ski House Tourism", "hotel, booking, channel manager", "Property management and online booking for hotels and ski resorts.", "AT", "Hospitality"),
    ("Lucerne Publishing Systems", "cms, publishing, e-commerce", "Content management, subscriptions and online shops for publishers.", "CH"),
    ("Blue Yonder Flight Data", "aviation, maintenance", "Maintenance planning and spare parts for airlines and airports.", "US"),
    ("City Power & Light Metering", "energy, utilities, smart meter", "Billing and smart meter data for utilities: electricity, gas, water and district heating.", "DE", "Utilities"),
    ("Coho Winery Software", "wine, agriculture, erp", "ERP for wineries and farms: harvest, cellar, bottling, sale to restaurants.", "IT", "ERP"),
    ("Graphic Design Institute Learning", "e-learning, lms, training", "Learning platforms, and courses for Microsoft 365, Excel and Teams.", "GB"),
    ("Humongous Insurance IT", "insurance, claims", "Claims handling and policy administration for insurers and brokers.", "US", "Financial services"),
    ("Relecloud Telecom", "telephony, contact centre, voip", "Cloud telephony and contact centres with CRM integration and call recording.", "BR"),
    ("Southridge Video Collaboration", "teams, meeting rooms, video", "Meeting rooms and video conferences with Microsoft Teams: equipment, installation, support.", "US"),
    ("VanArsdel Field Service", "field service, maintenance, iot", "Planning of technicians, maintenance contracts and sensors on machines. Field service that sees faults coming.", "SE", "Field service, IoT"),
    ("Wingtip E-Commerce", "e-commerce, shopify, payment", "Online shops with payment, delivery and returns, connected to your ERP.", "HU", "Retail"),
    ("Nod Publishers Rights", "rights, royalties", "Royalty accounting and licence contracts for music and book publishers.", "SE"),
    ("Consolidated Messenger Mail", "email, newsletter, marketing automation", "Newsletters, campaigns and lead scoring. E-mail marketing that follows the law.", "DE", "Marketing"),
    ("First Up Consultants", "consulting, strategy, change", "Advice on digital strategy and change for managements. We sell no software.", "CH"),
    ("Lamna Healthcare IT", "hospital, patient records, hl7", "Patient records and appointment scheduling for hospitals, practices and laboratories.", "GB", "Healthcare"),
    ("Munson's Pickles Food ERP", "food, erp, traceability", "ERP and traceability for food producers: lots, best-before dates, recipes, quality control.", "US", "ERP, Food"),
    ("Bellows College Campus", "education, school, campus", "Student administration, timetables and school fees for schools and universities.", "BR", "Education"),
    ("Best For You Organics Shop", "erp, wholesale, organic", "Merchandise management for organic wholesale: orders, deposit bottles, delivery tours.", "DE"),
    ("Datum Buchhaltung", "buchhaltung, lohn, steuer", "Finanzbuchhaltung und Lohnabrechnung für Handwerk und Mittelstand. Digitale Belege, Schnittstelle zum Steuerberater.", "DE"),
    ("Fabrikam Fertigung", "erp, fertigung, produktion", "ERP für die Fertigung: Stücklisten, Produktionsplanung, Betriebsdatenerfassung im Maschinenbau.", "DE", "ERP"),
    ("Northwind Lager", "lager, logistik, versand", "Lagerverwaltung und Versand für Händler und Speditionen, mit Scannern und Paketdiensten.", "AT"),
    ("Contoso Datenschutz", "datenschutz, dsgvo, isms", "Datenschutz und Informationssicherheit: Beratung, Schulung, externe Datenschutzbeauftragte.", "DE", "Security"),
    ("Alpine Hotel Software", "hotel, kasse, buchung", "Hotelsoftware mit Kasse und Buchung für Pensionen und Berghotels.", "CH"),
    ("Litware Contabilità", "contabilità, fatturazione elettronica, gestionale", "Gestionale con contabilità e fatturazione elettronica per piccole imprese e studi.", "IT"),
    ("Trey Produzione", "erp, produzione, qualità", "ERP per la produzione meccanica: pianificazione, qualità, manutenzione delle macchine.", "IT", "ERP"),
    ("Fourth Coffee Ristoranti", "ristorante, cassa, prenotazioni", "Cassa e prenotazioni per ristoranti, bar e alberghi.", "IT"),
    ("Tailspin Lön", "lön, hr, schema", "Lönehantering och schemaläggning för butiker, restauranger och vård.", "SE"),
    ("Contoso Bokföring", "bokföring, fakturering", "Bokföring och fakturering i molnet för småföretag, med bankkoppling.", "SE"),
    ("Adventure Underhåll", "underhåll, fältservice, iot", "Underhåll av maskiner och fältservice: arbetsorder, reservdelar, sensorer.", "SE", "Field service"),
    ("Wingtip Webáruház", "webáruház, online fizetés", "Webáruház készítése fizetéssel és szállítással, kapcsolat a számlázással.", "HU"),
    ("Woodgrove Számlázás", "számlázás, könyvelés", "Számlázás és könyvelés kisvállalkozásoknak, NAV adatszolgáltatással.", "HU"),
    ("Relecloud Telefonia", "telefonia, call center, nuvem", "Telefonia em nuvem e central de atendimento com gravação e integração ao CRM.", "BR"),
    ("Coho Agro", "agronegócio, erp, fazenda", "ERP para o agronegócio: safra, estoque, máquinas, notas fiscais.", "BR", "ERP"),
    ("Fabrikam Folha", "folha de pagamento, rh", "Folha de pagamento e ponto eletrônico para empresas de 50 a 1.000 funcionários.", "BR"),
    ("Proseware Backup", "backup, disaster recovery", "Backup and recovery as a service for Microsoft 365, servers and databases, tested every month.", "SE", "Cloud"),
    ("Lamna Care Homes", "care, nursing, schedule", "Shift schedules and care documentation for nursing homes and home care.", "DE", "Healthcare"),
    ("Munson's Quality Labs", "laboratory, lims, quality", "Laboratory information systems for food and pharma: samples, certificates, audits.", "CH"),
    ("Humongous Real Estate", "real estate, facility management", "Rental contracts, service charges and maintenance for housing companies.", "SE"),
    ("Southridge Construction", "construction, project, bim", "Cost control, site diaries and BIM models for builders and architects.", "NL", "Construction"),
)  # fmt: skip
PROFILES = tuple(_entry(number, *written) for number, written in enumerate(_WRITTEN))

QUERIES = (
    Judged("crm", {0: 3, 18: 1, 42: 1, 8: 1, 2: 1}),
    Judged("payroll", {1: 3}),
    Judged("erp manufacturing", {3: 3, 26: 2, 30: 2, 35: 2, 15: 1, 43: 1}),
    Judged("erp for food producers", {26: 3, 15: 2, 28: 1, 47: 1}),
    Judged("point of sale for restaurants", {10: 3, 2: 1, 36: 2, 33: 1}),
    Judged("hotel booking", {11: 3, 10: 2, 33: 2}),
    Judged("warehouse", {4: 3, 8: 1, 31: 1}),
    Judged("we need software to plan our field technicians", {20: 3, 39: 2}),
    Judged("cloud migration to azure", {6: 3, 45: 1}),
    Judged("penetration testing", {7: 3}),
    Judged("cyber security monitoring", {7: 3, 32: 1, 6: 1}),
    Judged("power bi dashboards", {8: 3}),
    Judged("accounting", {9: 3, 2: 1, 22: 1}),
    Judged("accountants", {9: 3, 22: 1, 2: 1}),
    Judged("online shop", {21: 3, 2: 2, 12: 2}),
    Judged("ecommerce", {21: 3, 12: 2}),
    Judged("email newsletters", {23: 3}),
    Judged("hospital patient records", {25: 3, 46: 1}),
    Judged("school administration", {27: 3}),
    Judged("insurance claims", {17: 3}),
    Judged("smart meters", {14: 3}),
    Judged("maintenance of machines with sensors", {20: 3, 39: 3, 35: 1, 13: 1, 48: 1}),
    Judged("royalties", {22: 3}),
    Judged("call centre with crm integration", {18: 3, 42: 2, 0: 1}),
    Judged("logist", {4: 3, 31: 2}),
    Judged("Buchhaltung", {29: 3}),
    Judged("lohnabrechnung handwerk", {29: 3}),
    Judged("erp maschinenbau", {30: 3, 35: 1, 3: 1}),
    Judged("Wir suchen eine Software für die Lagerverwaltung", {31: 3}),
    Judged("datenschutzbeauftragter", {32: 3}),
    Judged("fatturazione elettronica", {34: 3}),
    Judged("contabilita piccole imprese", {34: 3}),
    Judged("cassa per ristorante", {36: 3}),
    Judged("loner och scheman", {37: 3}),
    Judged("bokforing", {38: 3}),
    Judged("faltservice", {39: 3, 20: 1}),
    Judged("konyveles", {41: 3}),
    Judged("webaruhaz fizetes", {40: 3}),
    Judged("folha de pagamento", {44: 3}),
    Judged("ERP agronegocio fazendas", {43: 3, 15: 1}),
    Judged("contoso", {0: 3, 32: 3, 38: 3}),
    Judged("crm sverige", {0: 3}),
    Judged("backup for microsoft 365", {45: 3, 6: 1}),
    Judged("shift planning in nursing homes", {46: 3, 37: 1}),
    Judged("a program for builders to control costs of their projects", {49: 3}),
)  # fmt: skip
