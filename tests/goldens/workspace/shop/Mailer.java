package shop;

/** Sends mails to customers. */
public class Mailer {
    private final Transport transport;

    public Mailer(Transport transport) {
        this.transport = transport;
    }

    /** Remind a customer of an invoice that is overdue. */
    public void sendReminder(Invoice invoice) {
        String text = "Dear " + invoice.customer() + ", please pay " + invoice.total() + ".";
        transport.send(invoice.email(), "Your invoice", text);
    }

    /** Confirm an order as soon as it is paid. */
    public void confirmOrder(Order order) {
        transport.send(order.email(), "Thank you", "We have received your payment.");
    }
}
