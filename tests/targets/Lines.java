public class Lines {
    public static void main(String[] arguments) throws Exception {
        System.err.println("ready");
        for (int i = 0; ; i++) {
            System.out.println("line " + i);
            Thread.sleep(20);
        }
    }
}
