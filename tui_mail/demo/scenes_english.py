"""English conversations, with customers and suppliers abroad. Text only."""

from tui_mail.demo.scenes import Scene, them, us

_THANKS = them(
    ("Perfect, thank you.", "Many thanks for the quick answer.", "Noted, thanks."),
    ("", "Talk soon.", ""),
)

ENGLISH = (
    Scene(
        "sales_order", "vendite", 12,
        ("{num}: delivery date", "Delivery of {num}", "{num}", "Status of {num}", "Our {their} / your {num}"),
        ("Delivery date", "When will the goods leave?", "Shipping to {city}"),
        (
            them(
                ("could you let us know when {doc} will be shipped?",
                 "we are waiting for {doc}; our fitters need {article} on site by {soon}.",
                 "please confirm the delivery week for {doc}."),
                ("Part delivery is fine for us.", "", "The goods must be unloaded before noon.",),
            ),
            us(
                ("{article} is ready, the rest will leave on {soon}.",
                 "the goods are being packed and should reach {city} on {soon}.",
                 "I am afraid {article} is {days} days late; the new date is {soon}."),
                ("We will send the tracking number as soon as the carrier has collected.", ""),
            ),
            them(("That works for us.", "Please ship what is ready, we cannot wait.", "We need a firm date by tomorrow, please."),),
            us(("Agreed. I have told the warehouse.", "Understood, part shipment goes out today.", "Confirmed: {soon}.")),
            _THANKS,
            us(("Here is the packing list.", "Shipped today, documents attached."), attachment="document"),
            _THANKS,
        ),
    ),
    Scene(
        "sales_order", "vendite", 7,
        ("Order confirmation {num}", "Purchase order {their}", "PO {their}", "{num} confirmed"),
        ("New order", "Purchase order attached"),
        (
            them(
                ("please find attached our order {their} for {qty} pcs of {article}.",
                 "we are pleased to place order {their}, as quoted."),
                ("Kindly confirm price and delivery.", "Delivery required by {soon}."),
                attachment="order",
            ),
            us(("thank you for your order. Our confirmation ({doc}) is attached, total {amount}.",
                "well received, our reference is {doc}. Delivery on {soon}."), attachment="document"),
            them(("All correct, please proceed.", "Please change the quantity of {article} to {qty}.", "Thank you, noted."),),
            us(("Done, revised confirmation attached.", "Changed accordingly."), attachment="document"),
        ),
    ),
    Scene(
        "quote", "vendite", 10,
        ("{num}", "Re your {num}", "{num} for {title}", "Question on {num}"),
        ("Price request: {article}", "Request for quotation", "Enquiry: {title}"),
        (
            them(
                ("we would need a quotation for {title}: {qty} pcs of {article} plus accessories.",
                 "could you please quote {article}, {qty} pcs, delivered {city}?"),
                ("Please state the lead time too.", ""),
                attachment="list",
            ),
            us(("please find attached {doc}, total {amount}, valid 30 days.",
                "here is {doc}. Lead time is {days} days from order."), attachment="document"),
            them(("Is there any room on the price of {article}?",
                  "Thank you. Could {article} work at 60 degrees as well?",
                  "Our customer will decide next week, we will keep you posted."),),
            us(("We can give a further 3% for an order by {soon}.", "Yes, up to 90 degrees with the standard seal."),),
            them(("Fine, the order will follow.", "Good, please go ahead.", "We decided to wait until spring."),),
        ),
    ),
    Scene(
        "delivery_note", "vendite", 6,
        ("Missing goods, {num}", "{num}: damaged parcel", "Claim on {num}"),
        ("Damaged goods", "One parcel is missing"),
        (
            them(("we received {doc} today but {qty} pcs of {article} are missing.",
                  "one carton of {doc} arrived damaged, see the picture."),
                 ("We signed with reserve.", ""), attachment="photo"),
            us(("we are sorry. A replacement leaves today and arrives on {soon}.",
                "the parcel was left in our warehouse, it goes out tonight."),),
            _THANKS,
        ),
    ),
    Scene(
        "invoice", "amministrazione", 8,
        ("{num}", "{num}: wrong amount", "Copy of {num}", "Query on {num}"),
        ("Invoice query", "Missing invoice"),
        (
            them(("{Doc} does not match our order, could you check the price of {article}?",
                  "we cannot find {doc}, could you send us a copy?",
                  "please add our order number {their} to {doc}."), ("", "We will pay as soon as this is settled.")),
            us(("you are right, a credit note will follow.", "attached. Sorry for the trouble.",
                "please find the corrected copy attached."), attachment="document"),
            them(("Thank you.", "Received, payment will go out with the next run."),),
        ),
    ),
    Scene(
        "due_item", "amministrazione", 8,
        ("Payment reminder {num}", "{num} overdue", "Reminder: {num} due {due}"),
        ("Payment reminder", "Open balance"),
        (
            us(("our records show that {instalment} for {doc}, due on {due}, is still open.",
                "may we remind you of {doc}: {instalment} was due on {due}."),
               ("If you have already paid, please ignore this message.", "")),
            them(("we paid yesterday, bank receipt attached.", "sorry for the delay, payment will be made by {soon}.",
                  "we are waiting for the credit note first."), attachment="receipt"),
            us(("Thank you, much appreciated.", "Noted, thanks."),),
        ),
    ),
    Scene(
        "purchase_order", "demo", 6,
        ("Our {num}", "Rossi Srl: {num}", "{num}"),
        ("Purchase order", "Stock order"),
        (
            us(("please find attached {doc}. Kindly confirm prices and delivery.",
                "we would like to order {qty} pcs of {article}, see {doc} attached."), attachment="order"),
            them(("order booked, delivery on {soon}.", "{article} is back in stock in {days} days, the rest can leave now."),
                 attachment="document"),
            us(("Fine, please ship together.", "Please send what is available."),),
        ),
    ),
    Scene(
        "purchase_invoice", "amministrazione", 4,
        ("Invoice {their}", "Our invoice {their}"),
        ("Invoice attached",),
        (
            them(("please find attached our invoice {their}, {amount}, due {due}.",), attachment="document"),
            us(("received, it will be paid on {due}.", "thank you, booked."),),
        ),
    ),
)  # fmt: skip
